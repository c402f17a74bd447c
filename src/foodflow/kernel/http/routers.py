"""Routers that are passed over at a glance. Some four hundred routes are asked one after the other whether a call is
for them; a router none of whose routes has a word of the call's path need not ask its own.
"""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from starlette.routing import BaseRoute, Match
from starlette.types import Scope


class Router(APIRouter):
    """A router that knows the words of its routes: the longest of each path. One with a route that has no words at all,
    such as `/` or `/{id}`, is always asked.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - FastAPI's own
        super().__init__(**options)
        self._words: frozenset[str] | None = None
        self._count = 0

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a call is for one of these routes."""
        words = self.words()
        if words is not None and words.isdisjoint(scope["path"].split("/")):
            return Match.NONE, {}
        return super().matches(scope)

    def words(self) -> frozenset[str] | None:
        """One word of each route's path, or None where a route has none."""
        if self._count != len(self.routes):
            found = list(map(_words_of, self.routes))
            known = [each for each in found if each is not None]
            self._words = frozenset().union(*known) if len(known) == len(found) else None
            self._count = len(self.routes)
        return self._words


def _words_of(route: BaseRoute) -> frozenset[str] | None:
    inner = getattr(route, "original_router", None)
    if isinstance(inner, Router):
        return inner.words()
    literal = _literals(str(getattr(route, "path", "")).split("/"))
    return frozenset({max(literal, key=len)}) if literal else None


def _literals(segments: Sequence[str]) -> list[str]:
    return [each for each in segments if each and "{" not in each]
