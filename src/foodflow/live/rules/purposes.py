"""What a live session of each purpose begins with: activities that its facilitator may change before it starts.

The questions about HACCP follow the General Principles of Food Hygiene of the Codex Alimentarius (CXC 1-1969, revised
2020), chapter two: its twelve steps, seven principles and definitions.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from foodflow.live.rules.sessions import Purpose


@dataclass(frozen=True, slots=True)
class Planned:
    """An activity of a template: its kind, its title, and its configuration."""

    type: str
    title: str
    configuration: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    """What a session begins with: a title to change, and activities in order."""

    title: str
    activities: tuple[Planned, ...] = field(default=())


def _single(text: str, right: str, *wrong: str, why: str, seconds: int = 30) -> dict[str, Any]:
    """A question with one right answer; the options stand in the order of the alphabet, which tells nothing."""
    options = sorted((right, *wrong))
    return {
        "kind": "single",
        "text": text,
        "options": options,
        "solution": right,
        "seconds": seconds,
        "explanation": why,
    }


def _true_false(text: str, *, right: bool, why: str) -> dict[str, Any]:
    return {"kind": "true_false", "text": text, "solution": right, "seconds": 20, "explanation": why}


_HACCP: Final[list[dict[str, Any]]] = [
    {
        "kind": "number",
        "text": "How many principles does a HACCP system rest on?",
        "solution": 7,
        "tolerance": 0,
        "seconds": 20,
        "explanation": "Seven principles, which are applied in twelve steps.",
    },
    _single(
        "Which principle comes first?",
        "Analyse the hazards and identify control measures",
        "Determine the critical control points",
        "Establish validated critical limits",
        "Keep documents and records",
        why="Principle 1. Without it nobody knows which hazards are significant and need control.",
    ),
    {
        "kind": "multiple",
        "text": "Which kinds of agents can be a hazard in food?",
        "options": ["Biological", "Chemical", "Commercial", "Physical"],
        "solution": ["Biological", "Chemical", "Physical"],
        "seconds": 30,
        "explanation": "A biological, chemical or physical agent that may harm health is one; allergens count too.",
    },
    _single(
        "What is a critical control point?",
        "A step at which control of a significant hazard is essential",
        "Any machine that has a sensor",
        "Any step at which something is measured",
        "The last step before the goods leave the site",
        why="Measuring alone makes no step critical: without control there, a significant hazard remains.",
    ),
    _single(
        "What does a critical limit separate?",
        "Acceptable food from food that is not",
        "Day shift from night shift",
        "Good suppliers from bad ones",
        "Planned cost from real cost",
        why="A criterion of a control measure at a critical control point, observable or measurable (principle 3).",
    ),
    {
        "kind": "order",
        "text": "Put these principles in their order.",
        "options": [
            "Corrective actions",
            "Critical control points",
            "Critical limits",
            "Hazard analysis",
            "Monitoring",
        ],
        "solution": [
            "Hazard analysis",
            "Critical control points",
            "Critical limits",
            "Monitoring",
            "Corrective actions",
        ],
        "seconds": 60,
        "explanation": "Principles 1 to 5; validation with verification (6) and documentation (7) follow.",
    },
    _single(
        "Monitoring shows that a critical limit was missed. What comes first?",
        "Act as the plan says: bring it under control and keep the affected food apart",
        "Change the limit so that it fits",
        "Repeat the measurement until it is right",
        "Wait for the next audit",
        why="Corrective actions are laid down beforehand (principle 5); affected food is assessed first.",
    ),
    _single(
        "What does verification find out?",
        "Whether the system works as intended",
        "Whether a control measure could control the hazard before it is used",
        "Whether the food tastes right",
        "Whether the machine is worth its price",
        why="It goes beyond monitoring: calibration, review of records, tests. Evidence beforehand is validation.",
    ),
    _true_false(
        "Good hygiene practices are needed even where there is a HACCP plan.",
        right=True,
        why="They are its foundation; some of them need greater attention because they matter much for safety.",
    ),
    _true_false(
        "A HACCP plan that was right once needs no review when recipe or process change.",
        right=False,
        why="A change may bring new hazards or make control measures fail, so the plan is reviewed each time.",
    ),
]

TEMPLATES: Final[dict[Purpose, Template]] = {
    Purpose.GENERAL: Template("Live session"),
    Purpose.SHIFT_HANDOVER: Template(
        "Shift hand-over",
        (
            Planned(
                "open_text",
                "What must the next shift know?",
                {"question": "What must the next shift know?", "max_answers": 5, "anonymous": False},
            ),
            Planned(
                "rating",
                "How does the line run?",
                {"question": "How does the line run?", "scale": 5, "labels": ["It stands", "It runs as it should"]},
            ),
            Planned(
                "open_text",
                "Open actions",
                {"question": "What is still to be done, and by whom?", "max_answers": 5, "anonymous": False},
            ),
        ),
    ),
    Purpose.TOOLBOX_TALK: Template(
        "Toolbox talk",
        (
            Planned(
                "open_text",
                "Today's topic",
                {"question": "What have you seen about today's topic?", "max_answers": 3, "anonymous": True},
            ),
            Planned(
                "poll",
                "Understood?",
                {
                    "question": "I have understood, and will work by it.",
                    "options": ["Yes", "No, I have a question to my supervisor"],
                    "anonymous_voting": False,
                },
            ),
            Planned("qna", "Questions", {"topic": "Questions to the supervisor"}),
        ),
    ),
    Purpose.HACCP_QUIZ: Template(
        "HACCP quiz",
        (Planned("quiz", "HACCP by the Codex", {"title": "HACCP by the Codex", "questions": _HACCP}),),
    ),
    Purpose.TRAINING: Template("Training", (Planned("qna", "Questions", {"topic": "Questions"}),)),
}
"""By purpose."""
