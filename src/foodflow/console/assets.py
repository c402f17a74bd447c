"""The files that pages refer to: kept in memory, found by name alone, addressed with a digest of their content."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from foodflow.kernel.errors import NotFound

_TYPES: Final = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "forms.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "lead.js": "text/javascript; charset=utf-8",
    "live.css": "text/css; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "take_part.js": "text/javascript; charset=utf-8",
    "wall.js": "text/javascript; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file with its type and the first digits of its digest."""

    content: bytes
    media_type: str
    digest: str


def _read(name: str) -> Asset:
    content = files("foodflow.console").joinpath("static", name).read_bytes()
    return Asset(content, _TYPES[name], hashlib.sha256(content).hexdigest()[:12])


_ASSETS: Final = {name: _read(name) for name in _TYPES}


def asset(name: str) -> Asset:
    """The file of a name, or a refusal."""
    found = _ASSETS.get(name)
    if found is None:
        raise NotFound(f"there is no file {name}")
    return found


def address(name: str) -> str:
    """Where a page finds a file; another content has another address, so that browsers may keep it for ever."""
    return f"/static/{name}?v={_ASSETS[name].digest}"
