"""Refusals: everything that FoodFlow says no to, as one tree.

    Refusal                       a deed was refused; nothing was stored
    ├── Malformed           400   the request cannot be read
    ├── Unauthenticated     401   no credential, or a bad one
    ├── Forbidden           403   this actor may not
    ├── NotFound            404   there is no such thing, or it is not yours
    ├── Conflict            409   not in the present state
    ├── Stale               412   the thing has changed since the caller saw it
    ├── TooLarge            413   more than is taken in one call
    ├── WrongType           415   this content type is not taken here
    ├── Invalid             422   the fields named in `errors` are wrong
    ├── TooMany             429   more calls than are taken; try again after `Retry-After`
    └── Unavailable         503   not now; try again

A context subclasses one of them beside the rule that refuses, with a stable dotted `code`; `kernel.http.problems`
renders them as `application/problem+json` (RFC 9457).
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: its dotted path in the request, what is wrong with it, and a stable code."""

    field: str
    message: str
    code: str


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not a fault of the program
    """A deed was refused; the transaction is rolled back and the caller learns why."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "Refused"

    def __init__(
        self, detail: str, *, errors: tuple[FieldError, ...] = (), headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}


class Malformed(Refusal):
    """The request cannot be read."""

    status = 400
    code = "malformed"
    title = "The request cannot be read"


class Unauthenticated(Refusal):
    """No credential was given, or it is not valid."""

    status = 401
    code = "unauthenticated"
    title = "Sign in first"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="foodflow"'})


class Forbidden(Refusal):
    """The actor is known, but may not do this."""

    status = 403
    code = "forbidden"
    title = "Not allowed"


class NotFound(Refusal):
    """There is no such thing in this company."""

    status = 404
    code = "not_found"
    title = "Not found"


class Conflict(Refusal):
    """The deed does not fit the present state."""

    status = 409
    code = "conflict"
    title = "In conflict with the present state"


class Stale(Refusal):
    """The thing is not any more as the caller saw it (`If-Match`)."""

    status = 412
    code = "stale"
    title = "Changed in the meantime"


class TooLarge(Refusal):
    """The request holds more than is taken in one call."""

    status = 413
    code = "too_large"
    title = "Too large"


class WrongType(Refusal):
    """The content type is not taken here."""

    status = 415
    code = "wrong_content_type"
    title = "Content type not taken here"


class Invalid(Refusal):
    """The request can be read, but fields of it are wrong; `errors` names each."""

    status = 422
    code = "invalid"
    title = "Not valid"

    @classmethod
    def because(cls, *errors: FieldError) -> "Invalid":
        """Refuse with these field errors; the detail says the first and how many more there are."""
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return cls(f"{first.field}: {first.message}{more}", errors=errors)


class TooMany(Refusal):
    """More calls came than are taken in a span of time."""

    status = 429
    code = "too_many"
    title = "Too many calls"

    def __init__(self, detail: str, *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class Unavailable(Refusal):
    """The deed cannot be done now; the same call may succeed later."""

    status = 503
    code = "unavailable"
    title = "Not available now"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"Retry-After": "1"})
