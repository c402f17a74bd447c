"""HTTP interface of live sessions."""

from foodflow.kernel.http.routers import Router
from foodflow.live.routes import (
    activities,
    answers,
    codes,
    framework,
    joining,
    leading,
    participants,
    reports,
    responses,
    sessions,
    sockets,
    training,
)

router = Router(prefix="/api/v1")
# Codes and types before what they would else be taken for: the number of a session, the id of an activity.
for part in (codes, framework, joining, sessions, participants, activities, leading, responses, sockets):
    router.include_router(part.router)
for part in (reports, training):
    router.include_router(part.router)
router.include_router(answers.router)
router.include_router(answers.moderation)
