"""Word cloud: participants send words, and those that many send are drawn large."""

import heapq
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import Field, JsonValue

from foodflow.live.rules.activities.kind import (
    AT_FIRST,
    MOST_SHOWN,
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
    slot_of,
    timestamps,
)
from foodflow.live.rules.activities.texts import Readable, listing, normalised
from foodflow.live.rules.moderation import ResponseStatus

MOST_WORDS: Final = 10_000
"""Different words of a cloud; when it has so many, it takes no more submissions."""
DRAWN, MOST_COMMON = 50, 10
SMALLEST, LARGEST = 10, 100
_SUBMISSIONS, _WORDS, _WORD = "submissions", "words", "word:"
_BannedWord = Annotated[str, Field(max_length=100)]


class WordCloudConfiguration(Configuration):
    """What words are asked for, and which are taken."""

    prompt: Annotated[str, Field(min_length=1, max_length=300), Readable]
    max_word_length: Annotated[int, Field(ge=3, le=50)] = 20
    max_words_per_submission: Annotated[int, Field(ge=1, le=10)] = 3
    allow_phrases: bool = False
    moderate_submissions: bool = True
    case_sensitive: bool = False
    show_live_results: bool = True
    banned_words: Annotated[list[_BannedWord], Field(max_length=1000, default_factory=list)]


class _Submission(Shape):
    words: Annotated[list[Annotated[str, Field(max_length=500), Readable]], Field(min_length=1, max_length=10)]


class WordCloud(ActivityKind[WordCloudConfiguration]):
    """Words by how often they were sent; the same one twice in a submission counts once."""

    id = "word_cloud"
    name = "Word Cloud"
    description = "Participants send words; the more often one is sent, the larger it is drawn."
    metadata = Metadata(
        duration_seconds=600, max_responses=100, allow_multiple_responses=True, requires_moderation=True
    )
    most_keys = MOST_WORDS
    configuration = WordCloudConfiguration

    def public(self, configuration: WordCloudConfiguration, step: Step) -> Json:
        """All but the banned words, which nobody wants to read."""
        del step
        return configuration.model_dump(mode="json", exclude={"banned_words"})

    def validate(self, configuration: WordCloudConfiguration, data: Json, asked: Asked) -> Answer:
        """All of the words, or none where one of them is not taken."""
        sent = read_answer(_Submission, data).words
        if len(sent) > configuration.max_words_per_submission:
            raise AnswerRefused(f"send {configuration.max_words_per_submission} words at most")
        if asked.keys >= MOST_WORDS:
            raise AnswerRefused("the cloud is full, and takes no more words")
        banned = frozenset(normalised(word) for word in configuration.banned_words)
        words = listing([_word(configuration, banned, word) for word in sent])
        is_pending = configuration.moderate_submissions
        status = ResponseStatus.PENDING if is_pending else ResponseStatus.APPROVED
        submission = kept("word_submission", asked, words=list(words), status=status)
        slot = slot_of(asked, (asked.metadata or self.metadata).each)
        return Answer(submission, slot=slot, is_pending=is_pending)

    def reduce(self, configuration: WordCloudConfiguration, answer: Json) -> Tally:
        """One for each word and for all of them together, and one for the submission."""
        del configuration
        words = answer.get("words")
        sent = words if isinstance(words, list) else []
        return {_SUBMISSIONS: 1, _WORDS: len(sent), **{f"{_WORD}{word}": 1 for word in sent}}

    def result(self, configuration: WordCloudConfiguration, seen: Seen, *, step: Step = AT_FIRST) -> Json:
        """The most frequent words, those of the same frequency by the alphabet: fifty to draw, ten by themselves, and a
        hundred of `word_frequencies`, where the contract had no bound. A word is drawn as large as it is frequent, from
        100 for the most frequent one down to 10; percentages are of all words. `participant_count` is of submissions.
        """
        del step
        frequencies = _most_frequent(seen)
        total = seen.tally.get(_WORDS, 0)
        return {
            "type": "word_cloud_results",
            "prompt": configuration.prompt,
            "word_cloud_data": _cloud(frequencies[:DRAWN], total),
            "word_frequencies": dict(frequencies),
            "most_common_words": [[word, count] for word, count in frequencies[:MOST_COMMON]],
            "unique_word_count": sum(count > 0 for key, count in seen.tally.items() if key.startswith(_WORD)),
            "total_word_submissions": total,
            "participant_count": seen.tally.get(_SUBMISSIONS, 0),
            "show_live_results": configuration.show_live_results,
            "allow_phrases": configuration.allow_phrases,
            "last_updated": last_updated(seen),
            "submission_timestamps": timestamps(seen),
        }


def _word(configuration: WordCloudConfiguration, banned: frozenset[str], sent: str) -> str:
    """A word as it is counted."""
    word = normalised(sent, is_case_sensitive=configuration.case_sensitive)
    if not word:
        raise AnswerRefused("a word needs a letter or a digit")
    if len(word) > configuration.max_word_length:
        raise AnswerRefused(f"a word has {configuration.max_word_length} characters at most")
    parts = word.split()
    if len(parts) > 1 and not configuration.allow_phrases:
        raise AnswerRefused("send single words, without spaces")
    if banned & {normalised(each) for each in (word, *parts)}:
        raise AnswerRefused("one of these words is not taken here")
    return word


def _most_frequent(seen: Seen) -> list[tuple[str, int]]:
    words = ((key.removeprefix(_WORD), count) for key, count in seen.tally.items() if key.startswith(_WORD))
    return heapq.nsmallest(MOST_SHOWN, (each for each in words if each[1] > 0), key=lambda each: (-each[1], each[0]))


def _cloud(frequencies: Sequence[tuple[str, int]], total: int) -> list[JsonValue]:
    most = frequencies[0][1] if frequencies else 1
    return [
        {
            "word": word,
            "frequency": count,
            "size": max(SMALLEST, round(LARGEST * count / most)),
            "percentage": percentage(count, total),
        }
        for word, count in frequencies
    ]
