"""HTTP interface of live sessions."""

from fastapi import APIRouter

from foodflow.live.routes import answers
from foodflow.live.tables import activities, participants, responses, sessions, training  # noqa: F401

router = APIRouter(prefix="/api/v1")
router.include_router(answers.router)
router.include_router(answers.moderation)
