"""What is reported of the time of lines: changes, spans, silences, and those reports that were withdrawn."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.numerics.intervals import Interval, Span, StateChange
from foodflow.plant.rules.states import StateNotFound
from foodflow.plant.tables.lines import LineHeartbeat, LineSpan, LineStateChange, ProductionLine, WithdrawnState

# Of each line that may not be silent for long, what was heard of it in the window and the last sign before it; a gap
# between two signs that is longer than that is a silence.
_SILENCES = text("""
WITH wanted AS (
    SELECT id, make_interval(secs => silent_after_seconds) AS patience FROM production_lines
    WHERE id = ANY(:ids) AND silent_after_seconds IS NOT NULL
), signs AS (
    SELECT w.id, w.patience, s.first, s.last FROM wanted AS w CROSS JOIN LATERAL (
        SELECT at AS first, at AS last FROM line_states WHERE line_id = w.id AND at > :start AND at < :end
        UNION ALL (SELECT at, at FROM line_states WHERE line_id = w.id AND at <= :start ORDER BY at DESC LIMIT 1)
        UNION ALL SELECT at, at FROM production_counts WHERE line_id = w.id AND at > :start AND at < :end
        UNION ALL (SELECT at, at FROM production_counts WHERE line_id = w.id AND at <= :start ORDER BY at DESC LIMIT 1)
        UNION ALL SELECT first_at, last_at FROM line_heartbeats
            WHERE line_id = w.id AND last_at > :start AND first_at < :end
        UNION ALL (SELECT first_at, last_at FROM line_heartbeats
            WHERE line_id = w.id AND last_at <= :start ORDER BY last_at DESC LIMIT 1)
    ) AS s
), gaps AS (
    SELECT id, patience, max(last) OVER earlier AS heard, coalesce(lead(first) OVER earlier, :end) AS next FROM signs
    WINDOW earlier AS (PARTITION BY id ORDER BY first, last)
)
SELECT id, heard + patience, next FROM gaps WHERE next > heard + patience ORDER BY id, heard
""")


async def state_at(session: AsyncSession, line_id: UUID, at: datetime) -> LineStateChange | None:
    """The change that holds at a moment: the latest at or before it."""
    found = select(LineStateChange).where(LineStateChange.line_id == line_id, LineStateChange.at <= at)
    return (await session.scalars(found.order_by(LineStateChange.at.desc()).limit(1))).first()


async def state_before(session: AsyncSession, line_id: UUID, at: datetime) -> LineStateChange | None:
    """The change that held just before a moment."""
    found = select(LineStateChange).where(LineStateChange.line_id == line_id, LineStateChange.at < at)
    return (await session.scalars(found.order_by(LineStateChange.at.desc()).limit(1))).first()


async def latest_state(session: AsyncSession, line_id: UUID) -> LineStateChange | None:
    """The change that holds now."""
    found = select(LineStateChange).where(LineStateChange.line_id == line_id)
    return (await session.scalars(found.order_by(LineStateChange.at.desc()).limit(1))).first()


async def reported_at(session: AsyncSession, line_id: UUID, at: datetime) -> LineStateChange:
    """The change reported for this very moment, or a refusal."""
    found = await session.get(LineStateChange, (line_id, at))
    if found is None:
        raise StateNotFound(f"nothing is reported of the line at {at.isoformat()}")
    return found


async def next_state_after(session: AsyncSession, line_id: UUID, at: datetime) -> datetime | None:
    """When the state that a line is in at a moment ends, or None while it lasts."""
    found = select(func.min(LineStateChange.at)).where(LineStateChange.line_id == line_id, LineStateChange.at > at)
    return await session.scalar(found)


async def changes_of(
    session: AsyncSession, line_ids: Collection[UUID], start: datetime, end: datetime
) -> dict[UUID, list[StateChange]]:
    """Of each line the changes within (start, end) in order, and before them the one that holds at `start`."""
    change = LineStateChange
    columns = (
        change.line_id,
        change.at,
        change.state,
        change.reason,
        change.packml_state,
        change.mode,
        change.reason_id,
        change.mark,
    )
    holding = select(*columns).where(change.line_id == ProductionLine.id, change.at <= start)
    latest = holding.order_by(change.at.desc()).limit(1).correlate(ProductionLine).lateral()
    before = select(*latest.c).select_from(ProductionLine).join(latest, true()).where(ProductionLine.id.in_(line_ids))
    within = select(*columns).where(change.line_id.in_(line_ids), change.at > start, change.at < end)
    rows = await session.execute(union_all(before, within).order_by("line_id", "at"))
    found: defaultdict[UUID, list[StateChange]] = defaultdict(list)
    for line_id, at, state, reason, packml_state, mode, reason_id, mark in rows:
        more = {"packml_state": packml_state, "mode": mode, "reason_id": reason_id, "mark": mark}
        found[line_id].append(StateChange(at, state, reason or None, **more))
    return found


async def spans_of(
    session: AsyncSession, line_ids: Collection[UUID], start: datetime, end: datetime
) -> dict[UUID, list[Interval]]:
    """Of each line the spans that share any moment with [start, end), in the order in which they were recorded."""
    span = LineSpan
    held = select(span).where(
        span.line_id.in_(line_ids), span.withdrawn_at.is_(None), span.end_time > start, span.start_time < end
    )
    found: defaultdict[UUID, list[Interval]] = defaultdict(list)
    for row in await session.scalars(held.order_by(span.recorded_at, span.id)):
        found[row.line_id].append(
            Interval(
                row.start_time,
                row.end_time,
                row.state,
                row.reason or None,
                packml_state=row.packml_state,
                mode=row.mode,
                reason_id=row.reason_id,
                mark=row.id,
            )
        )
    return found


async def silences_of(
    session: AsyncSession, line_ids: Collection[UUID], start: datetime, end: datetime
) -> dict[UUID, list[Span]]:
    """Of each line that may not be silent for long, when it was silent for longer within [start, end), in order."""
    rows = await session.execute(_SILENCES, {"ids": list(line_ids), "start": start, "end": end})
    found: defaultdict[UUID, list[Span]] = defaultdict(list)
    for line_id, begin, finish in rows:
        found[line_id].append(Span(begin, finish))
    return found


async def span_for_update(session: AsyncSession, line_id: UUID, id: UUID) -> LineSpan:
    """A span of a line that holds, locked until the transaction ends, or a refusal."""
    found = await session.get(LineSpan, id, with_for_update=True, populate_existing=True)
    if found is None or found.line_id != line_id or found.withdrawn_at is not None:
        raise StateNotFound(f"there is no span {id} of this line")
    return found


async def latest_heartbeat_for_update(session: AsyncSession, line_id: UUID) -> LineHeartbeat | None:
    """The latest run of heartbeats of a line, locked until the transaction ends."""
    found = select(LineHeartbeat).where(LineHeartbeat.line_id == line_id)
    latest = found.order_by(LineHeartbeat.last_at.desc()).limit(1).with_for_update()
    return (await session.scalars(latest)).first()


async def changes_between(
    session: AsyncSession, line_id: UUID, start: datetime, end: datetime
) -> Sequence[LineStateChange]:
    """The changes reported of a line within [start, end), in order."""
    change = LineStateChange
    found = select(change).where(change.line_id == line_id, change.at >= start, change.at < end)
    return (await session.scalars(found.order_by(change.at))).all()


async def spans_between(session: AsyncSession, line_id: UUID, start: datetime, end: datetime) -> Sequence[LineSpan]:
    """The spans reported of a line that begin within [start, end), the withdrawn ones too, in order."""
    span = LineSpan
    found = select(span).where(span.line_id == line_id, span.start_time >= start, span.start_time < end)
    return (await session.scalars(found.order_by(span.start_time, span.recorded_at, span.id))).all()


async def withdrawn_between(
    session: AsyncSession, line_id: UUID, start: datetime, end: datetime
) -> Sequence[WithdrawnState]:
    """The changes of a line within [start, end) that were withdrawn, in order."""
    state = WithdrawnState
    found = select(state).where(state.line_id == line_id, state.at >= start, state.at < end)
    return (await session.scalars(found.order_by(state.at, state.withdrawn_at))).all()
