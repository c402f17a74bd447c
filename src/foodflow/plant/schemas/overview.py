"""Wire shapes of the overview of the plant."""

from typing import Annotated

from pydantic import Field

from foodflow.kernel.money import DECIMALS
from foodflow.kernel.wire import Instant, Number, Out
from foodflow.numerics.losses import in_money
from foodflow.plant.schemas.alarms import AlarmOut
from foodflow.plant.schemas.money_leaks import LeaksOut
from foodflow.plant.schemas.shared import Ratio
from foodflow.plant.usecases.overview import PlantOverview

_DECIMALS_UNKNOWN = 2


class KpisOut(Out):
    """Figures of all lines: effectiveness is that of their summed elements over the window, as `/oee` has it; today
    began at the local midnight of each line's site.
    """

    total_lines: int
    active_lines: Annotated[int, Field(description="In service")]
    running_batches: int
    availability: Ratio
    performance: float | None
    quality: Ratio
    oee: Ratio
    scrap_cost_today: Annotated[Number | None, Field(description="Null: nobody knows what any scrap of today cost")]
    uncosted_scrap_today: Annotated[Number, Field(description="Scrapped items of unknown cost")]
    downtime_minutes_today: Annotated[float, Field(description="Of all lines, stops that last included")]


class PlantOverviewOut(Out):
    """How the plant does, what it loses, and the open alarms that are worst, which can be acknowledged by their ids."""

    start_time: Instant
    end_time: Instant
    currency: str | None
    kpis: KpisOut
    money_leaks: LeaksOut
    alerts: list[AlarmOut]
    open_alarms: Annotated[int, Field(description="All that are open and not silenced")]
    active_trials: int
    recent_scrap_events: Annotated[int, Field(description="Of the window")]

    @classmethod
    def of(cls, found: PlantOverview) -> "PlantOverviewOut":
        """The wire shape of an overview."""
        currency, today, tallies = found.leaks.currency, found.today, found.tallies
        decimals = DECIMALS[currency] if currency else _DECIMALS_UNKNOWN
        return cls(
            start_time=found.start,
            end_time=found.end,
            currency=currency,
            kpis=KpisOut(
                total_lines=found.total_lines,
                active_lines=found.active_lines,
                running_batches=tallies.running_batches,
                availability=found.ratios.availability,
                performance=found.ratios.performance,
                quality=found.ratios.quality,
                oee=found.ratios.oee,
                scrap_cost_today=in_money(today.scrap_cost, decimals) if today.scrap_cost is not None else None,
                uncosted_scrap_today=today.uncosted_items,
                downtime_minutes_today=float(today.downtime_seconds) / 60,
            ),
            money_leaks=LeaksOut.of(found.leaks),
            alerts=[AlarmOut.model_validate(alarm) for alarm in found.alerts],
            open_alarms=tallies.open_alarms,
            active_trials=tallies.active_trials,
            recent_scrap_events=tallies.recent_scrap_events,
        )
