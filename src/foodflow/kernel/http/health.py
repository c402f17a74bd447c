"""Health for people, load balancers and Prometheus."""

import asyncio
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from foodflow.kernel.http.guards import guarded_router, open_to_all
from foodflow.kernel.readiness import is_prepared

READY_SECONDS = 2.0

_NOT_READY: dict[int | str, dict[str, Any]] = {503: {"description": "Not ready", "content": {"application/json": {}}}}

router = guarded_router(tags=["health"])


def install(app: FastAPI) -> None:
    """Answer `/health…` at the root and below `/api/v1`, and `/metrics`."""
    app.include_router(router)
    app.include_router(router, prefix="/api/v1", include_in_schema=False)
    app.add_api_route("/metrics", metrics, include_in_schema=False, dependencies=[open_to_all(limit=None)])


@router.get("/health/live", dependencies=[open_to_all(limit=None)])
async def live() -> dict[str, str]:
    """Whether this process answers at all; looks at nothing else."""
    return {"status": "ok"}


@router.get("/health", dependencies=[open_to_all(limit=None)], responses=_NOT_READY)
@router.get("/health/ready", dependencies=[open_to_all(limit=None)], responses=_NOT_READY)
async def ready(request: Request) -> JSONResponse:
    """Whether this process can do its work: within two seconds the database answers and is at the revision that this
    code expects. 503 when not.
    """
    is_ready = await _is_prepared(request)
    body = {
        "status": "ok" if is_ready else "unavailable",
        "version": version("foodflow"),
        "database": "ok" if is_ready else "not reachable, or not prepared for this version",
    }
    return JSONResponse(body, 200 if is_ready else 503)


async def _is_prepared(request: Request) -> bool:
    try:
        async with asyncio.timeout(READY_SECONDS):
            return await is_prepared(request.app.state.database.engine)
    except TimeoutError:
        return False


async def metrics() -> Response:
    """Prometheus metrics of this process; they name no company."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
