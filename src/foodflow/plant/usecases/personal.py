"""What the plant has recorded by a person, for that person."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.plant.queries import personal as queries


async def recorded_by(session: AsyncSession, recorder: str) -> dict[str, list[dict[str, Any]]]:
    """The states, counts, moves of batches, values, costs, money leaks and calibrations that an actor (`user:17`)
    recorded, and what they did about alarms.
    """
    states = await queries.states_recorded_by(session, recorder)
    counts = await queries.counts_recorded_by(session, recorder)
    moves = await queries.moves_recorded_by(session, recorder)
    actuals = await queries.actuals_recorded_by(session, recorder)
    costs = await queries.costs_recorded_by(session, recorder)
    leaks = await queries.leaks_recorded_by(session, recorder)
    calibrations = await queries.calibrations_recorded_by(session, recorder)
    deeds = await queries.alarm_deeds_by(session, recorder)
    return {
        "states": [{"line": s.line_id, "at": s.at, "state": s.state, "reason": s.reason} for s in states],
        "counts": [{"line": c.line_id, "at": c.at, "good": float(c.good), "scrap": float(c.scrap)} for c in counts],
        "moves": [{"batch": m.batch_id, "at": m.at, "status": m.to_status, "reason": m.reason} for m in moves],
        "actuals": [{"parameter": a.parameter_id, "at": a.at, "value": a.value, "note": a.note} for a in actuals],
        "costs": [{"batch": c.batch_id, "at": c.recorded_at, "amount": float(c.amount)} for c in costs],
        "money_leaks": [{"leak": each.id, "at": each.created_at, "amount": float(each.amount)} for each in leaks],
        "calibrations": [
            {"sensor": c.sensor_id, "at": c.at, "offset": c.calibration_offset, "by": c.calibrated_by}
            for c in calibrations
        ],
        "alarms": [{"alarm": d.alarm_id, "at": d.at, "deed": d.deed, "comment": d.comment} for d in deeds],
    }
