"""The web process: every context's routes behind one set of rules."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from foodflow import composition, parts
from foodflow.console import pages
from foodflow.console.routes import router as console_router
from foodflow.identity.public.authenticating import authenticator
from foodflow.identity.routes import router as identity_router
from foodflow.kernel.db import Database
from foodflow.kernel.http import health, middleware, problems
from foodflow.kernel.live.hub import Hub
from foodflow.kernel.live.routes import router as live_router
from foodflow.kernel.mail import Postbox
from foodflow.kernel.sealing import Sealer
from foodflow.plant.routes import router as plant_router
from foodflow.settings import Settings

MAX_BODY = 64_000_000
_DESCRIPTION = (
    "The operating system of a food manufacturer: plant, people, purchases, stock and what they tell each other."
)


def create_app(settings: Settings) -> FastAPI:
    """The web application for these settings, which must name a database and a secret key."""
    database_url, secret_key = parts.database_url_of(settings), parts.secret_key_of(settings)
    database = Database(database_url, listeners=composition.LISTENERS)
    hub = Hub(database_url)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await hub.start()
        yield
        await hub.stop()
        await database.close()

    app = FastAPI(
        title="FoodFlow",
        description=_DESCRIPTION,
        version=composition.VERSION,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url="/api/docs",
        redoc_url="/api/redoc",
        redirect_slashes=False,
    )
    app.state.settings, app.state.database, app.state.hub = settings, database, hub
    app.state.sealer = Sealer(secret_key)
    app.state.postbox = Postbox(settings, app.state.sealer)
    app.state.authenticate = authenticator(database, secret_key)
    problems.install(app)
    health.install(app)
    for router in (identity_router, live_router, plant_router, console_router):
        app.include_router(router)
    pages.install(app)
    app.add_middleware(middleware.Bounds, max_body=MAX_BODY)
    app.add_middleware(middleware.PathRule)
    app.add_middleware(middleware.RequestTrail)
    return app
