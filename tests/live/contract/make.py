"""What the contract's answers are held against."""

import re
from datetime import datetime
from typing import Final

import httpx

from foodflow.kernel import clock
from foodflow.kernel.actor import Actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.live.tables.responses import LiveResponse
from tests.live.make import Json

SESSION: Final = {
    "id",
    "created_at",
    "updated_at",
    "title",
    "description",
    "status",
    "qr_code",
    "admin_code",
    "max_participants",
    "started_at",
    "completed_at",
    "participant_count",
    "activity_count",
}
ACTIVITY: Final = {"id", "session_id", "type", "config", "order_index", "status", "created_at", "updated_at"}
STATUSES: Final = ("draft", "active", "completed")
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def faults(answer: httpx.Response) -> list[Json]:
    """What a 422 lists in `detail`, as FastAPI does."""
    assert answer.status_code == 422, answer.text
    listed: list[Json] = answer.json()["detail"]
    assert listed
    for fault in listed:
        assert {"type", "loc", "msg", "input"} <= set(fault)
    return listed


def refused(answer: httpx.Response, status: int, detail: str | None = None) -> None:
    assert answer.status_code == status, answer.text
    said = answer.json()["detail"]
    assert isinstance(said, str)
    if detail is not None:
        assert said == detail


async def keep(database: Database, actor: Actor, held: Json, place: Json, moments: list[datetime]) -> list[str]:
    """Responses of a participant to an activity, one at each moment."""
    whose = {"session_id": held["session_id"], "participant_id": int(place["participant_id"])}
    rest = {"slot": "", "status": "approved", "is_counted": False, "is_listed": False, "points": 0}
    made = [
        LiveResponse(
            id=clock.new_id(),
            activity_id=held["id"],
            response_data={"n": number},
            created_at=at,
            updated_at=at,
            **whose,
            **rest,
        )
        for number, at in enumerate(moments)
    ]
    async with tenant_transaction(database, actor) as transaction:
        transaction.add_all(made)
    return [str(each.id) for each in made]
