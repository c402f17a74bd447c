"""Results: what came of an activity, at a cost that does not grow with the number of answers."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from foodflow.live.queries import tallies as queries
from foodflow.live.rules.activities.kind import Json, Seen
from foodflow.live.rules.results import Audience, NoResults, require_shown, sees
from foodflow.live.tables.activities import LiveActivity
from foodflow.live.usecases.reading import read


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an activity, as its kind says it, and when that changed last."""

    results: Json
    changed_at: datetime | None


async def result_of(
    session: AsyncSession, activity: LiveActivity, *, audience: Audience, in_detail: bool = False
) -> Result:
    """What came of an activity; refused where the audience is not shown it, and where no kind can say. In detail, it
    also says when the latest answers came and who voted last, which costs more and is no news to whoever looks on.
    """
    require_shown(audience, shows_results=activity.shows_results)
    reading = read(activity)
    if reading is None:
        raise NoResults("there are no results of such an activity")
    seen = await _seen(session, activity, audience)
    if in_detail:
        seen = await _detailed(session, activity, seen)
    return Result(reading.kind.result(reading.configuration, seen, step=reading.step), seen.last_at)


async def shown_result(session: AsyncSession, activity: LiveActivity, *, audience: Audience) -> Json | None:
    """The same for the picture of a session: None where the audience is not shown it, or there is none."""
    if not sees(audience, shows_results=activity.shows_results) or read(activity) is None:
        return None
    return (await result_of(session, activity, audience=audience)).results


async def _seen(session: AsyncSession, activity: LiveActivity, audience: Audience) -> Seen:
    summary = await queries.summary(session, activity.id)
    listed, pending = await queries.listed(session, activity.id, pending=audience == Audience.FACILITATOR)
    return Seen(
        tally=summary.amounts,
        listed=listed,
        pending=pending,
        last_at=summary.changed_at,
        participants=summary.participants,
    )


async def _detailed(session: AsyncSession, activity: LiveActivity, seen: Seen) -> Seen:
    moments = await queries.latest_moments(session, activity.id)
    voters = await queries.latest_voters(session, activity.id) if any(each.votes for each in seen.listed) else {}
    listed = [replace(each, voters=voters.get(each.id, ())) for each in seen.listed]
    return replace(seen, moments=moments, listed=listed)
