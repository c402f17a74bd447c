"""What the plant has recorded by a person, for that person."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.plant.queries import personal as queries


async def recorded_by(session: AsyncSession, recorder: str) -> dict[str, list[dict[str, Any]]]:
    """The states and counts that an actor (`user:17`) recorded, and what they did about alarms."""
    states = await queries.states_recorded_by(session, recorder)
    counts = await queries.counts_recorded_by(session, recorder)
    deeds = await queries.alarm_deeds_by(session, recorder)
    return {
        "states": [{"line": s.line_id, "at": s.at, "state": s.state, "reason": s.reason} for s in states],
        "counts": [{"line": c.line_id, "at": c.at, "good": float(c.good), "scrap": float(c.scrap)} for c in counts],
        "alarms": [{"alarm": d.alarm_id, "at": d.at, "deed": d.deed, "comment": d.comment} for d in deeds],
    }
