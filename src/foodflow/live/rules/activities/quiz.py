"""Quiz: questions one after the other, each with its time, its points and its solution."""

from typing import Annotated, Final

from pydantic import Field, JsonValue

from foodflow.live.rules.activities.kind import (
    AT_FIRST,
    LATE,
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
    kept,
    last_updated,
    percentage,
    read_answer,
)
from foodflow.live.rules.activities.points import MOST_IN_A_ROW, elapsed, points
from foodflow.live.rules.activities.quiz_questions import AnyQuestion, Question, QuizAnswer
from foodflow.live.rules.activities.texts import Title, key

_MILLISECONDS: Final = 1000


class QuestionClosed(AnswerRefused):
    """This question of the quiz takes no answers now."""

    code = "live.response.question_closed"


class QuizConfiguration(Configuration):
    """The questions in their order, and what answers are worth beside being right."""

    title: Title | None = None
    questions: Annotated[list[AnyQuestion], Field(min_length=1, max_length=50)]
    speed_bonus: bool = True
    streak_bonus: bool = True
    show_leaderboard: bool = True

    def asked(self, number: JsonValue) -> Question | None:
        """A question by its number (from 0), or None where there is none."""
        if not isinstance(number, int) or not 0 <= number < len(self.questions):
            return None
        return self.questions[number]


class Quiz(ActivityKind[QuizConfiguration]):
    """Answers to the open question, each final; nobody learns of solutions, nor of what would tell them, before they
    are out. A question that was passed over without showing its solution is out as well: nothing answers it any more.
    """

    id = "quiz"
    name = "Quiz"
    description = "Questions with a time, points and a solution each; right and fast answers lead."
    metadata = Metadata(show_live_results=False)
    configuration = QuizConfiguration

    def steps(self, configuration: QuizConfiguration) -> int:
        """As many as there are questions."""
        return len(configuration.questions)

    def seconds_of(self, configuration: QuizConfiguration, step: int) -> int | None:
        """The time of the question, in seconds."""
        question = configuration.asked(step)
        return None if question is None else question.seconds

    def public(self, configuration: QuizConfiguration, step: Step) -> Json:
        """The open question and no other, with its solution once that is out; none before the first is opened."""
        question = None if step.opened_at is None else configuration.asked(step.number)
        shown: Json = configuration.model_dump(mode="json", exclude={"questions"})
        solved = question.solved() if question is not None and step.is_out else {}
        return {
            **shown,
            "total_questions": len(configuration.questions),
            "step": step.number,
            "question": None if question is None else {**question.shown(), **solved},
        }

    def validate(self, configuration: QuizConfiguration, data: Json, asked: Asked) -> Answer:
        """An answer to the open question, in its time, with the points that it is worth."""
        answer = read_answer(QuizAnswer, data)
        question = configuration.asked(answer.question)
        if question is None or answer.question != asked.step:
            raise QuestionClosed(f"question {answer.question} is not open")
        if asked.seconds > question.seconds + LATE:
            raise QuestionClosed("the time of this question is over")
        given = question.given(answer)
        share, milliseconds = question.share(given), round(asked.seconds * _MILLISECONDS)
        said: Json = {"question": asked.step, question.field: given, "seconds": milliseconds / _MILLISECONDS}
        return Answer(
            kept("quiz_response", asked, **said),
            slot=_slot(asked.step),
            is_final=True,
            points=points(
                question.points,
                share,
                elapsed=elapsed(milliseconds if configuration.speed_bonus else 0, question.seconds),
                streak=_in_a_row(asked) if configuration.streak_bonus else 0,
            ),
            is_correct=share == 1,
        )

    def reduce(self, configuration: QuizConfiguration, answer: Json) -> Tally:
        """One for the answer, what it chose, and whether it was right; and the milliseconds that it took."""
        number = answer.get("question")
        question = configuration.asked(number)
        if question is None or question.field not in answer:
            return {}
        given, seconds = answer[question.field], answer.get("seconds")
        return {
            f"q{number}:answers": 1,
            f"q{number}:correct": int(question.share(given) == 1),
            f"q{number}:ms": round(seconds * _MILLISECONDS) if isinstance(seconds, int | float) else 0,
            **{key(f"q{number}:choice", label): 1 for label in question.counted(given)},
        }

    def result(self, configuration: QuizConfiguration, seen: Seen, *, step: Step = AT_FIRST) -> Json:
        """What came of each question that was asked: how many answered, and once its solution is out how many were
        right and how many chose what (for an order: put the option where it belongs), in percent of answers too.
        """
        numbers = range(min(step.number + 1, self.steps(configuration)) if step.opened_at is not None else 0)
        return {
            "type": "quiz_results",
            "title": configuration.title,
            "total_questions": self.steps(configuration),
            "step": step.number,
            "questions": [_question(configuration.questions[each], seen, step, number=each) for each in numbers],
            "total_responses": sum(seen.tally.get(f"q{each}:answers", 0) for each in numbers),
            "participant_count": seen.participants,
            "show_leaderboard": configuration.show_leaderboard,
            "last_updated": last_updated(seen),
        }


def _slot(step: int) -> str:
    return f"q{step}"


def _in_a_row(asked: Asked) -> int:
    """Right answers to the questions just before; one that was left out ends a streak, and so does another quiz."""
    before = 0
    while before < min(asked.step, MOST_IN_A_ROW) and _slot(asked.step - before - 1) in asked.taken:
        before += 1
    return min(asked.streak, before)


def _question(question: Question, seen: Seen, step: Step, *, number: int) -> Json:
    """What came of a question. How many were right would tell which option is, so both wait for the solution."""
    answers = seen.tally.get(f"q{number}:answers", 0)
    said: Json = {
        "question": number,
        **question.shown(),
        "answers": answers,
        "mean_seconds": round(seen.tally.get(f"q{number}:ms", 0) / answers / _MILLISECONDS, 1) if answers else None,
        "is_revealed": number < step.number or step.is_out,
    }
    if not said["is_revealed"]:
        return {**said, "correct": None, "right_share": None, "counts": None, "shares": None}
    correct = seen.tally.get(f"q{number}:correct", 0)
    counts = {label: seen.tally.get(key(f"q{number}:choice", label), 0) for label in question.labels}
    return {
        **said,
        **question.solved(),
        "correct": correct,
        "right_share": percentage(correct, answers),
        "counts": dict(counts),
        "shares": {label: percentage(count, answers) for label, count in counts.items()},
    }
