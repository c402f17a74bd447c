"""Wire shape of effectiveness, for one line and for many."""

from typing import Annotated

from pydantic import Field

from foodflow.kernel.wire import Number, Out
from foodflow.numerics.oee import Elements, oee
from foodflow.plant.schemas.shared import Ratio


class EffectivenessOut(Out):
    """Effectiveness (ISO 22400-2), and the elements it is made of."""

    availability: Ratio
    performance: Annotated[float | None, Field(description="Above 1: the ideal speed is set too low")]
    quality: Ratio
    oee: Ratio
    planned_busy_seconds: float
    production_seconds: float
    seconds: Annotated[dict[str, float], Field(description="Seconds in each state; `unrecorded`: nobody said")]
    produced: Number
    good: Number
    scrap: Number
    rework: Number
    ideal_seconds_produced: float
    ideal_seconds_good: float
    ideal_speed_exceeded: bool
    ideal_speed_unknown: bool
    counted_without_running: bool

    @classmethod
    def figures(cls, elements: Elements) -> dict[str, object]:
        """The fields, from elements: ratios are made here and nowhere before."""
        ratios = oee(elements)
        return {
            "availability": ratios.availability,
            "performance": ratios.performance,
            "quality": ratios.quality,
            "oee": ratios.oee,
            "planned_busy_seconds": elements.pbt,
            "production_seconds": elements.apt,
            "seconds": elements.seconds,
            "produced": elements.produced,
            "good": elements.good,
            "scrap": elements.scrap,
            "rework": elements.rework,
            "ideal_seconds_produced": float(elements.ideal_seconds_produced),
            "ideal_seconds_good": float(elements.ideal_seconds_good),
            "ideal_speed_exceeded": ratios.ideal_rate_exceeded,
            "ideal_speed_unknown": ratios.ideal_rate_unknown,
            "counted_without_running": ratios.counted_without_running,
        }
