"""The web process: every context's routes behind one set of rules."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from foodflow import composition, parts
from foodflow.console import pages
from foodflow.console.routes import router as console_router
from foodflow.identity.public.authenticating import authenticator
from foodflow.identity.public.csrf import Csrf
from foodflow.identity.public.guests import guests
from foodflow.identity.public.signing_in import SESSION_COOKIE
from foodflow.identity.routes import router as identity_router
from foodflow.kernel.audit.routes import router as audit_router
from foodflow.kernel.db import Database
from foodflow.kernel.event_log.routes import router as event_log_router
from foodflow.kernel.http import health, middleware, openapi, problems, reference
from foodflow.kernel.http.addresses import TrustedProxies
from foodflow.kernel.http.limits import Limiter
from foodflow.kernel.http.routers import Router
from foodflow.kernel.http.safety import SafeAnswers
from foodflow.kernel.live.hub import Hub
from foodflow.kernel.live.routes import router as live_router
from foodflow.kernel.mail import Postbox
from foodflow.kernel.openid_connect import OpenIdConnect
from foodflow.kernel.outside_sites import Sites
from foodflow.kernel.outside_tokens import OutsideTokens, issuers_of
from foodflow.kernel.sealing import Sealer
from foodflow.kernel.webhooks.posting import Post
from foodflow.kernel.webhooks.routes import router as webhooks_router
from foodflow.live.public.audiences import Audiences
from foodflow.live.public.authenticating import GUESTS_MAY, participant_key, participants_or
from foodflow.live.routes import router as sessions_router
from foodflow.live.routes.door import ParticipantsDoor
from foodflow.plant.routes import router as plant_router
from foodflow.settings import Settings

MAX_BODY = 64_000_000
_DESCRIPTION = (
    "The operating system of a food manufacturer: plant, people, purchases, stock and what they tell each other."
)
_ROUTES = Router()
# They are looked through in this order: what machines call most comes first. What FastAPI works out of them, once it is
# asked for the first time, holds for every application of this process.
for _router in (
    reference.router,
    sessions_router,
    plant_router,
    live_router,
    event_log_router,
    webhooks_router,
    identity_router,
    audit_router,
    console_router,
):
    _ROUTES.include_router(_router)


def create_app(settings: Settings) -> FastAPI:
    """The web application for these settings, which must name a database and a secret key."""
    database_url, secret_key = parts.database_url_of(settings), parts.secret_key_of(settings)
    database = Database(database_url, listeners=composition.LISTENERS)
    hub = Hub(database_url)
    limiter = Limiter(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await hub.start()
        yield
        await app.state.audiences.stop()
        await hub.stop()
        await limiter.close()
        await database.close()

    app = FastAPI(
        title="FoodFlow",
        description=_DESCRIPTION,
        version=composition.VERSION,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings, app.state.database, app.state.hub = settings, database, hub
    app.state.audiences = Audiences(database, hub)
    app.state.sealer, app.state.limiter = Sealer(secret_key), limiter
    app.state.postbox = Postbox(settings, app.state.sealer)
    app.state.post = Post(settings.public_url)
    app.state.personal, app.state.forgetting = composition.PERSONAL, composition.FORGETTING
    _admit(app, settings, database, secret_key)
    problems.install(app)
    health.install(app)
    app.router.routes.extend(_ROUTES.routes)
    pages.install(app)
    openapi.install(app, session_cookie=SESSION_COOKIE)
    app.add_middleware(middleware.Failures)
    app.add_middleware(middleware.Bounds, max_body=MAX_BODY)
    app.add_middleware(middleware.PathRule)
    if settings.trusted_origins:
        app.add_middleware(CORSMiddleware, allow_origins=settings.trusted_origins, **middleware.OTHER_SITES)
    app.add_middleware(SafeAnswers)
    app.add_middleware(ParticipantsDoor)
    app.add_middleware(middleware.RequestTrail)
    app.add_middleware(TrustedProxies, networks=settings.trusted_proxies)
    return app


def _admit(app: FastAPI, settings: Settings, database: Database, secret_key: str) -> None:
    """Give the application what finds out who calls."""
    app.state.csrf = Csrf(settings, secret_key)
    app.state.outside_tokens = OutsideTokens(issuers_of(settings), Sites(private=True))
    app.state.openid = OpenIdConnect(settings)
    app.state.authenticate = participants_or(authenticator(database, secret_key), database)
    app.state.guest = guests(database, GUESTS_MAY)
    app.state.participant_key = participant_key(secret_key)
