"""Conditions: entity tags of answers about one thing, and what callers make of them (RFC 9110, section 13)."""

import hashlib
import json
import re

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from foodflow.kernel.errors import Malformed
from foodflow.kernel.preconditions import ANY

_TAG = r'(?:W/)?"[^"\x00-\x20\x7f]*"'
_TAGS = re.compile(rf"[ \t]*{_TAG}(?:[ \t]*,[ \t]*{_TAG})*[ \t]*")
_EACH = re.compile(r'(W/)?"([^"]*)"')


def expected(connection: HTTPConnection) -> frozenset[str] | None:
    """The entity tags of `If-Match`, without their quotes; None where there is no such header. A weak one never
    matches.
    """
    given = connection.headers.getlist("if-match")
    return frozenset(tag for weak, tag in _tags("If-Match", given) if not weak) if given else None


def tag(response: Response) -> None:
    """Give the answer about one thing its `ETag`."""
    body = bytes(response.body)
    version, digest = json.loads(body)["version"], hashlib.blake2b(body, digest_size=6).hexdigest()
    response.headers["ETag"] = f'"{version}-{digest}"'


def unless_known(request: Request, response: Response) -> Response:
    """The answer, or 304 where the caller has this very one already."""
    given = request.headers.getlist("if-none-match")
    if not given:
        return response
    known = {tag for _, tag in _tags("If-None-Match", given)}
    if known.isdisjoint({ANY, response.headers["etag"].strip('"')}):
        return response
    return Response(status_code=304, headers={"ETag": response.headers["etag"]})


def _tags(name: str, given: list[str]) -> list[tuple[str, str]]:
    """Whether weak, and the tag itself, of each that stands in the lines of a header."""
    whole = ", ".join(given)
    if whole.strip() == ANY:
        return [("", ANY)]
    if not _TAGS.fullmatch(whole):
        raise Malformed(f'{name} is not a list of entity tags such as "7"')
    return _EACH.findall(whole)
