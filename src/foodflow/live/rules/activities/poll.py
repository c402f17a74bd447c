"""Poll: one question, up to ten options, one or several choices."""

from typing import Annotated

from pydantic import Field

from foodflow.live.rules.activities.kind import (
    AT_FIRST,
    ActivityKind,
    Answer,
    AnswerRefused,
    Asked,
    Configuration,
    Json,
    Metadata,
    Seen,
    Shape,
    Step,
    Tally,
    kept,
    last_updated,
    percentage,
    read_answer,
    signed,
    slot_of,
    timestamps,
)
from foodflow.live.rules.activities.texts import Option, Prompt, key, listing

_RESPONSES, _OPTION = "responses", "option"


class PollConfiguration(Configuration):
    """A question and its options."""

    question: Prompt
    options: Annotated[list[Option], Field(min_length=2, max_length=10)]
    allow_multiple_choice: bool = False
    show_live_results: bool = True
    anonymous_voting: bool = True


class _Vote(Shape):
    selected_options: Annotated[list[str], Field(min_length=1, max_length=10)]


class Poll(ActivityKind[PollConfiguration]):
    """A vote on options; a later vote of a participant takes the place of the former."""

    id = "poll"
    name = "Polling"
    description = "A question with options to choose from; the shares are shown."
    metadata = Metadata(duration_seconds=300)
    configuration = PollConfiguration

    def validate(self, configuration: PollConfiguration, data: Json, asked: Asked) -> Answer:
        """One of the options, or several where that is allowed."""
        chosen = listing(read_answer(_Vote, data).selected_options)
        if not set(chosen) <= set(configuration.options):
            raise AnswerRefused("choose among the options of this poll")
        if len(chosen) > 1 and not configuration.allow_multiple_choice:
            raise AnswerRefused("choose one option; this poll does not take several")
        is_anonymous = configuration.anonymous_voting
        vote = kept("poll_response", asked, selected_options=list(chosen), anonymous=is_anonymous)
        slot = slot_of(asked, (asked.metadata or self.metadata).each)
        return Answer(signed(vote, asked, is_anonymous=is_anonymous), slot=slot)

    def reduce(self, configuration: PollConfiguration, answer: Json) -> Tally:
        """One for each chosen option, and one for the response."""
        del configuration
        chosen = answer.get("selected_options")
        options = chosen if isinstance(chosen, list) else []
        return {_RESPONSES: 1, **{key(_OPTION, str(option)): 1 for option in options}}

    def result(self, configuration: PollConfiguration, seen: Seen, *, step: Step = AT_FIRST) -> Json:
        """Votes and shares (percent of responses) by option, which lead, and when the latest hundred responses came."""
        del step
        total = seen.tally.get(_RESPONSES, 0)
        counts = {option: seen.tally.get(key(_OPTION, option), 0) for option in configuration.options}
        most = max(counts.values(), default=0)
        return {
            "type": "poll_results",
            "question": configuration.question,
            "options": list(configuration.options),
            "vote_counts": dict(counts),
            "percentages": {option: percentage(count, total) for option, count in counts.items()},
            "total_responses": total,
            "most_popular": [option for option, count in counts.items() if count == most],
            "allow_multiple_choice": configuration.allow_multiple_choice,
            "show_live_results": configuration.show_live_results,
            "last_updated": last_updated(seen),
            "response_timestamps": timestamps(seen),
        }
