"""The interface to read and to try out in a browser, with nothing from elsewhere: a script from another site could act
as whoever looks at it.
"""

from importlib.resources import files
from typing import Final

from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.responses import HTMLResponse, Response

from foodflow.kernel.errors import NotFound
from foodflow.kernel.http.guards import guarded_router, open_to_all

_DESCRIPTION: Final = "/api/openapi.json"
_FILES: Final = {
    "favicon.png": "image/png",
    "redoc.standalone.js": "text/javascript",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:; object-src 'none';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}

router = guarded_router(prefix="/api", include_in_schema=False)


@router.get("/docs", dependencies=[open_to_all()])
async def show_docs() -> HTMLResponse:
    """The interface to try out (Swagger UI)."""
    return _page(
        get_swagger_ui_html(
            openapi_url=_DESCRIPTION,
            title="FoodFlow",
            swagger_js_url=_address("swagger-ui-bundle.js"),
            swagger_css_url=_address("swagger-ui.css"),
            swagger_favicon_url=_address("favicon.png"),
        )
    )


@router.get("/redoc", dependencies=[open_to_all()])
async def show_redoc() -> HTMLResponse:
    """The interface to read (ReDoc)."""
    return _page(
        get_redoc_html(
            openapi_url=_DESCRIPTION,
            title="FoodFlow",
            redoc_js_url=_address("redoc.standalone.js"),
            redoc_favicon_url=_address("favicon.png"),
            with_google_fonts=False,
        )
    )


@router.get("/docs/{name}", dependencies=[open_to_all(limit=None)])
async def show_file(name: str) -> Response:
    """A script, a style sheet or a picture of these pages."""
    if name not in _FILES:
        raise NotFound(f"there is no file {name}")
    content = files("fastapi_offline").joinpath("static", name).read_bytes()
    headers = {"Cache-Control": "public, max-age=86400", **_HEADERS}
    return Response(content, media_type=_FILES[name], headers=headers)


def _page(page: HTMLResponse) -> HTMLResponse:
    page.headers.update(_HEADERS)
    return page


def _address(name: str) -> str:
    return f"/api/docs/{name}"
