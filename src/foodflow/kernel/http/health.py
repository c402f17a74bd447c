"""Health for people, load balancers and Prometheus."""

import asyncio
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from foodflow.kernel import clock
from foodflow.kernel.http.guards import guarded_router, open_to_all
from foodflow.kernel.readiness import is_prepared
from foodflow.kernel.wire import Instant

READY_SECONDS = 2.0

_NOT_READY: dict[int | str, dict[str, Any]] = {503: {"description": "Not ready", "content": {"application/json": {}}}}

_DATABASE = {True: "ok", False: "not reachable, or not prepared for this version"}

router = guarded_router(tags=["health"])


class HealthOut(BaseModel):
    """How this process is; what was not looked at is null."""

    status: str
    timestamp: Instant
    version: str
    environment: str | None = None
    app_version: str | None = None
    database: str | None = None


def install(app: FastAPI) -> None:
    """Answer `/health…` at the root and below `/api/v1`, and `/metrics`."""
    app.include_router(router)
    app.include_router(router, prefix="/api/v1", include_in_schema=False)
    app.add_api_route("/metrics", metrics, include_in_schema=False, dependencies=[open_to_all(limit=None)])


@router.get("/health/live", dependencies=[open_to_all(limit=None)])
async def live() -> HealthOut:
    """Whether this process answers at all; looks at nothing else."""
    return _said("alive")


@router.get("/health/ready", dependencies=[open_to_all(limit=None)], responses=_NOT_READY)
async def ready(request: Request) -> JSONResponse:
    """Whether this process can do its work: within two seconds the database answers and is at the revision that this
    code expects. 503 when not.
    """
    is_ready = await _is_prepared(request)
    said = _said("ready" if is_ready else "unavailable", database=_DATABASE[is_ready])
    return JSONResponse(said.model_dump(mode="json"), 200 if is_ready else 503)


@router.get("/health", dependencies=[open_to_all(limit=None)], responses=_NOT_READY)
async def health(request: Request) -> JSONResponse:
    """The same, and what was deployed here: the environment and the version as its settings name them."""
    is_ready, settings = await _is_prepared(request), request.app.state.settings
    deployed = {"environment": settings.environment, "app_version": settings.app_version}
    said = _said("healthy" if is_ready else "unhealthy", database=_DATABASE[is_ready], **deployed)
    return JSONResponse(said.model_dump(mode="json"), 200 if is_ready else 503)


def _said(status: str, **others: str) -> HealthOut:
    return HealthOut(status=status, timestamp=clock.now(), version=version("foodflow"), **others)


async def _is_prepared(request: Request) -> bool:
    try:
        async with asyncio.timeout(READY_SECONDS):
            return await is_prepared(request.app.state.database.engine)
    except TimeoutError:
        return False


async def metrics() -> Response:
    """Prometheus metrics of this process; they name no company."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
