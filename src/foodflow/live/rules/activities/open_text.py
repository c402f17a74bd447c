"""Open text: participants answer in words of their own, and the texts are listed."""

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
    Listed,
    Metadata,
    Seen,
    Shape,
    Step,
    Tally,
    kept,
    last_updated,
    read_answer,
    signed,
    slot_of,
    utc,
)
from foodflow.live.rules.activities.texts import Prompt, Readable

_RESPONSES = "responses"


class OpenTextConfiguration(Configuration):
    """What is asked, and how long and how many answers may be."""

    question: Prompt
    max_length: Annotated[int, Field(ge=10, le=2000)] = 500
    max_answers: Annotated[int, Field(ge=1, le=20)] = 1
    moderate: bool = False
    anonymous: bool = True


class _Text(Shape):
    text: Annotated[str, Readable]


class OpenText(ActivityKind[OpenTextConfiguration]):
    """Texts, one by one. Where each may give one, a later one takes the place of the former."""

    id = "open_text"
    name = "Open Text"
    description = "A question that is answered in words of one's own; the answers are listed."
    metadata = Metadata(duration_seconds=600)
    configuration = OpenTextConfiguration

    def validate(self, configuration: OpenTextConfiguration, data: Json, asked: Asked) -> Answer:
        """A text that is not too long."""
        text = read_answer(_Text, data).text.strip()
        if len(text) > configuration.max_length:
            raise AnswerRefused(f"an answer has {configuration.max_length} characters at most")
        is_anonymous = configuration.anonymous
        answer = kept("text_response", asked, text=text, anonymous=is_anonymous)
        return Answer(
            signed(answer, asked, is_anonymous=is_anonymous),
            slot=slot_of(asked, configuration.max_answers),
            is_listed=True,
            is_pending=configuration.moderate,
        )

    def reduce(self, configuration: OpenTextConfiguration, answer: Json) -> Tally:
        """One for the text."""
        del configuration, answer
        return {_RESPONSES: 1}

    def result(self, configuration: OpenTextConfiguration, seen: Seen, *, step: Step = AT_FIRST) -> Json:
        """The texts that are listed, and how many there are of how many participants."""
        del step
        return {
            "type": "open_text_results",
            "question": configuration.question,
            "texts": [_item(each) for each in seen.listed],
            "total_responses": seen.tally.get(_RESPONSES, 0),
            "participant_count": seen.participants,
            "anonymous": configuration.anonymous,
            "last_updated": last_updated(seen),
        }


def _item(listed: Listed) -> Json:
    """A text; whether it bears a name is what was said when it was written."""
    is_anonymous = listed.data.get("anonymous") is not False
    return {
        "id": listed.id,
        "text": listed.data.get("text"),
        "participant_id": None if is_anonymous else listed.participant_id,
        "nickname": None if is_anonymous else listed.nickname,
        "timestamp": utc(listed.at),
    }
