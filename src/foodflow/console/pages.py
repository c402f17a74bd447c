"""Pages: templates with escaping, the headers of every answer, and refusals as pages instead of JSON."""

import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from foodflow.console import assets, bars, charts, forms, measures, sensor_charts, strips, words
from foodflow.identity.public.cookies import session_of
from foodflow.kernel.http.guards import GuardedRoute

SIGN_IN: Final = "/login"
FRAGMENTS: Final = "/fragments/"
_WITH_PROVIDERS: Final = "/api/v1/auth/oidc/"
"""Where browsers go by themselves to sign in elsewhere, and come back from there."""
HEADERS: Final = {
    # Nothing from elsewhere, nothing inline: a name that carries markup cannot do anything even if it were not escaped.
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    # Not `no-referrer`: with it browsers send `Origin: null` from our own forms, and the check of origin refuses them.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_templates = Environment(
    loader=PackageLoader("foodflow.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals |= {
    "address": assets.address,
    "bars": bars,
    "charts": charts,
    "measures": measures,
    "sensor_charts": sensor_charts,
    "strip": strips.strip,
    "words": words,
}
_templates.filters |= {
    "age": words.age,
    "alarm_state": words.alarm_state,
    "clock_time": words.clock_time,
    "device": words.device,
    "lasting": words.lasting,
    "minute": words.minute,
    "moment": words.moment,
    "number": words.number,
    "percent": words.percent,
    "period": words.period,
    "priority": words.priority,
    "quantity": words.quantity,
    "rule": words.rule,
    "sentence": words.sentence,
    "state": words.state,
    "unit": words.unit,
    "with_unit": words.with_unit,
}

_Handler = Callable[[Request, Exception], Awaitable[Response]]


class PageRoute(GuardedRoute):
    """A route that answers people: what they send is a form, and what it refuses is told on a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The guarded handler, after the form was read: the token that the guard asks for is one of its fields."""
        handle = super().get_route_handler()

        async def read_first(request: Request) -> Response:
            return await handle(await forms.read(request) if request.method == "POST" else request)

        return read_first


def page(template: str, values: Mapping[str, object], status: int = 200) -> Response:
    """A page (or a fragment of one), which nobody keeps a copy of."""
    content = _templates.get_template(template).render(values)
    return HTMLResponse(content, status, headers=HEADERS | {"Cache-Control": "no-store"})


def page_with_forms(request: Request, template: str, values: Mapping[str, object], status: int = 200) -> Response:
    """A page whose forms carry the token of this browser, which is given one if it has none."""
    carrier = Response()
    token = request.app.state.csrf.hand_out(request, carrier)
    answer = page(template, {**values, "csrf_token": token}, status)
    answer.raw_headers += [pair for pair in carrier.raw_headers if pair[0] == b"set-cookie"]
    return answer


def redirect(to: str) -> Response:
    """Lead the browser on, with GET."""
    return RedirectResponse(to, 303, headers=HEADERS | {"Cache-Control": "no-store"})


def install(app: FastAPI) -> None:
    """Let every refusal and failure that meets a person be a page; what it says and what is logged stays the same."""
    for kind, handle in list(app.exception_handlers.items()):
        app.add_exception_handler(kind, _as_page(handle))


def _as_page(handle: Any) -> _Handler:  # noqa: ANN401 - Starlette's union of handlers, of which the kernel uses one
    async def answer(request: Request, error: Exception) -> Response:
        response: Response = await handle(request, error)
        if not _meets_a_person(request):
            return response
        return _told(request, response)

    return answer


def _meets_a_person(request: Request) -> bool:
    if isinstance(request.scope.get("route"), PageRoute):
        return True
    if "text/html" not in request.headers.get("accept", ""):
        return False
    # An identity provider leads people to an address that is otherwise for programs.
    return not request.url.path.startswith("/api/") or request.headers.get("sec-fetch-mode") == "navigate"


def _told(request: Request, response: Response) -> Response:
    """A problem as a page; nobody is told to sign in, they are led there."""
    fragment = request.url.path.startswith(FRAGMENTS)
    if response.status_code == 401 and not fragment:  # noqa: PLR2004 - unauthenticated
        return redirect(SIGN_IN)
    problem = {"errors": []} | json.loads(bytes(response.body))
    template = "problem_fragment.html" if fragment else "problem.html"
    told = page(template, {"problem": problem, "signed_in": session_of(request) is not None}, response.status_code)
    kept = {name: value for name, value in response.headers.items() if name not in {"content-length", "content-type"}}
    told.headers.update(kept)
    return told
