"""Poll: one question, up to ten options, one or several choices."""

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, Field

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
    Step,
    Tally,
    percentage,
    read_answer,
)

_RESPONSES: Final = "responses"


def _not_blank(text: str) -> str:
    if not text.strip():
        message = "must not be blank"
        raise ValueError(message)
    return text


class PollConfiguration(Configuration):
    """A question and its options."""

    question: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_not_blank)]
    options: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_not_blank)]],
        Field(min_length=2, max_length=10),
    ]
    allow_multiple_choice: bool = False
    show_live_results: bool = True
    anonymous_voting: bool = True


class _Vote(BaseModel):
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
        chosen = list(dict.fromkeys(read_answer(_Vote, data).selected_options))
        for option in chosen:
            if option not in configuration.options:
                raise AnswerRefused(f"{option!r} is not one of the options")
        if len(chosen) > 1 and not configuration.allow_multiple_choice:
            raise AnswerRefused("choose one option; this poll does not take several")
        kept: Json = {
            "type": "poll_response",
            "participant_id": asked.participant_id,
            "selected_options": list(chosen),
            "timestamp": asked.at.isoformat(),
            "anonymous": configuration.anonymous_voting,
        }
        if not configuration.anonymous_voting:
            kept["participant_info"] = {"nickname": asked.nickname}
        return Answer(kept)

    def reduce(self, configuration: PollConfiguration, answer: Json) -> Tally:
        """One for each chosen option, and one for the response."""
        del configuration
        chosen = answer.get("selected_options")
        options = chosen if isinstance(chosen, list) else []
        return {_RESPONSES: 1, **{f"option:{option}": 1 for option in options}}

    def result(self, configuration: PollConfiguration, seen: Seen, *, step: Step = AT_FIRST) -> Json:
        """Votes and shares (percent of responses) by option, and which lead."""
        del step
        total = seen.tally.get(_RESPONSES, 0)
        counts = {option: seen.tally.get(f"option:{option}", 0) for option in configuration.options}
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
            "last_updated": None if seen.last_at is None else seen.last_at.isoformat(),
            "response_timestamps": [moment.isoformat() for moment in seen.moments],
        }
