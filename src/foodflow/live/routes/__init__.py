"""HTTP interface of live sessions."""

from fastapi import APIRouter

from foodflow.live.routes import reports, training
from foodflow.live.tables import activities, participants, responses, sessions  # noqa: F401

router = APIRouter(prefix="/api/v1")
for part in (reports, training):
    router.include_router(part.router)
