"""The overview of the plant: how it does in a window and today, what it loses, and what somebody should look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.numerics.calendars import moment
from foodflow.numerics.losses import exact_seconds
from foodflow.numerics.oee import Effectiveness
from foodflow.numerics.slices import within
from foodflow.plant.queries import calendars as calendar_queries
from foodflow.plant.queries import losses as loss_queries
from foodflow.plant.queries import overview as queries
from foodflow.plant.queries.overview import Tallies
from foodflow.plant.rules.lines import LineState
from foodflow.plant.rules.losses import GroupBy
from foodflow.plant.tables.alarms import Alarm
from foodflow.plant.tables.lines import ProductionLine
from foodflow.plant.usecases import losses, money_leaks
from foodflow.plant.usecases.losses import Question
from foodflow.plant.usecases.money_leaks import Leaks
from foodflow.plant.usecases.states import line_intervals

ALERTS: Final = 10
_UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Today:
    """What all lines lost since the local midnight of their sites: scrap in money (exactly; None: nobody knows of any),
    scrapped items of unknown cost, and downtime.
    """

    scrap_cost: Fraction | None
    uncosted_items: Decimal
    downtime_seconds: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantOverview:
    """All of it; `ratios` are those of the summed elements of all lines in the window."""

    start: datetime
    end: datetime
    total_lines: int
    active_lines: int
    ratios: Effectiveness
    today: Today
    tallies: Tallies
    leaks: Leaks
    alerts: Sequence[Alarm]


async def overview(
    session: AsyncSession, actor: Actor, *, start: datetime | None, end: datetime | None
) -> PlantOverview:
    """The overview of the actor's lines over a window (the last 24 hours), in a number of statements that stays the
    same however many there are.
    """
    lines = await loss_queries.lines(session, actor, ids=(), sites=())
    answer = await losses.answer(session, actor, Question(start=start, end=end, group_by=(GroupBy.LINE,)))
    return PlantOverview(
        start=answer.start,
        end=answer.end,
        total_lines=len(lines),
        active_lines=sum(1 for line in lines if line.is_active),
        ratios=answer.total.ratios,
        today=await _today(session, lines),
        tallies=await queries.tallies(session, actor, answer.start, answer.end),
        leaks=await money_leaks.leaks_in(session, actor, answer),
        alerts=await queries.most_urgent(session, actor, most=ALERTS),
    )


async def _today(session: AsyncSession, lines: Sequence[ProductionLine]) -> Today:
    now = clock.now()
    begins = await _midnights(session, lines, now)
    if not begins:
        return Today(None, Decimal(0), Fraction(0))
    parts = await line_intervals(session, lines, min(begins.values()), now)
    stood = [
        exact_seconds(part.duration)
        for id, begin in begins.items()
        for part in within(parts[id], begin, now)
        if part.state == LineState.DOWNTIME
    ]
    made = await loss_queries.made_in(session, [(id, begin, now) for id, begin in begins.items()])
    costs = [Fraction(row.scrap_cost) for row in made if row.scrap_cost is not None]
    uncosted = sum((row.uncosted for row in made), Decimal(0))
    return Today(sum(costs, Fraction(0)) if costs else None, uncosted, sum(stood, Fraction(0)))


async def _midnights(session: AsyncSession, lines: Sequence[ProductionLine], now: datetime) -> Mapping[UUID, datetime]:
    """When the present day began at the site of each line: of UTC, where a site has no calendar."""
    calendars = await calendar_queries.calendars_of(session, {line.plant_name for line in lines} - {""})
    zones = {line.id: calendars[line.plant_name].zone if line.plant_name in calendars else _UTC for line in lines}
    return {id: moment(datetime.combine(now.astimezone(zone).date(), time()), zone) for id, zone in zones.items()}
