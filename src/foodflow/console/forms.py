"""Forms: what one sent, read no further than people type, and how it is shown again with what is wrong with it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request
from starlette.types import Message

from foodflow.identity.public import csrf
from foodflow.kernel.errors import FieldError, Forbidden, Invalid, Malformed, Refusal, TooLarge, Unauthenticated

MAX_FORM: Final = 16_000
TOKEN: Final = "csrf_token"  # noqa: S105 - a field's name
"""The field that carries the token against forged forms."""

_MAX_FIELDS: Final = 300
_FIELDS: Final = {
    "company.no_second_factor": "second_factor",
    "identity.already_member": "email",
    "identity.bad_code": "code",
    "identity.bad_link": "token",
    "identity.email_taken": "token",
    "identity.key_expiry": "days",
    "identity.provider_name_taken": "name",
    "identity.role_name_taken": "name",
    "identity.user_name_taken": "username",
    "identity.wrong_password": "current_password",
}
"""Which field a refusal of a code is about, where it does not say so itself."""
_SENT: Final = "foodflow.form"
_HEADER: Final = csrf.HEADER.lower().encode()
_FAULTS: Final = {
    "string_too_short": "fill this in",
    "too_long": "these are too many",
    "too_short": "choose at least one",
}
_FORMS: Final = {
    "currency": "three capital letters, such as EUR",
    "email": "this is no e-mail address",
    "locale": "a language, such as en or de-AT",
    "name": "small letters, digits, _ and -, a letter first",
    "username": "3 to 64 small letters and digits, with . _ - between them",
}
"""What a field must look like, by its name."""
ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form sent: the values of each field; a log that shows it shows none of them."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> str:
        """The first value of a field, as it was typed; nothing where the form has no such field."""
        return self.all(name)[0] if self.all(name) else ""

    def named(self, *names: str) -> dict[str, str]:
        """The first values of some fields, by their names."""
        return {name: self[name] for name in names}

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a field, such as of boxes that were ticked."""
        return self.values.get(name, ())

    def chosen(self, name: str) -> list[str]:
        """Which boxes of a group were ticked; the group sends an empty value besides."""
        return [value for value in self.all(name) if value]

    def words(self, name: str) -> list[str]:
        """What was typed as a list with commas."""
        return [word for word in map(str.strip, self[name].split(",")) if word]

    def require(self, **fields: str) -> None:
        """Refuse a form in which one of these fields is empty; each with what it asks for."""
        missing = [FieldError(name, message, "missing") for name, message in fields.items() if not self[name].strip()]
        if missing:
            raise Invalid.because(*missing)


@dataclass(frozen=True, slots=True)
class Form:
    """A form as a page shows it: as it is at first, or with what was entered and what is wrong with it."""

    name: str
    sent: Sent | None = None
    problem: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    status: int = 200

    def value(self, name: str, usual: str = "") -> str:
        """What stands in a field: what was entered, or what is there."""
        return usual if self.sent is None else self.sent[name]

    def has(self, name: str, value: str, usual: object = ()) -> bool:
        """Whether a box is ticked."""
        chosen = usual if self.sent is None else self.sent.all(name)
        return value in chosen  # type: ignore[operator]

    def named(self, name: str) -> "Form":
        """The form of a name on the page that this form is on."""
        return self if name == self.name else Form(name)


UNTOUCHED: Final = Form("")


def refused(name: str, sent: Sent, refusal: Refusal) -> Form:
    """A form that was refused: each complaint beside the field that it is about, all others above the form."""
    # 401 and 403 are said at the door alone: a wrong password is no reason to be shown it.
    status = Invalid.status if isinstance(refusal, Unauthenticated | Forbidden) else refusal.status
    told = [(error.field.partition(".")[0], error.message) for error in refusal.errors if error.code not in _FIELDS]
    if refusal.code in _FIELDS:
        told = [(_FIELDS[refusal.code], refusal.detail)]
    told += [(_FIELDS[error.code], error.message) for error in refusal.errors if error.code in _FIELDS]
    beside = {at: message for at, message in told if at in sent.values}
    above = [f"{at}: {message}" for at, message in told if at not in sent.values]
    return Form(name, sent, "; ".join(above) if told else refusal.detail, beside, status)


def checked(shape: type[ModelT], **values: object) -> ModelT:
    """What was entered, in the shape that it must have; all that is wrong with it is refused at once."""
    try:
        return shape(**values)
    except ValidationError as error:
        raise Invalid.because(*(_told(fault) for fault in error.errors())) from None


def _told(fault: ErrorDetails) -> FieldError:
    """A fault in the words of whoever fills in a form."""
    name, kind = str(fault["loc"][0]), fault["type"]
    if kind == "string_too_long":
        message = f"at most {fault['ctx']['max_length']} characters"
    elif kind == "string_pattern_mismatch":
        message = _FORMS.get(name, "this holds a character that cannot be taken")
    else:
        message = _FAULTS.get(kind, fault["msg"].removeprefix("Value error, "))
    return FieldError(name, message, kind)


async def read(request: Request) -> Request:
    """Read the form that a request brings, for whoever asks for `SentForm`, and give the request on as if nobody had
    read it. Its token against forged forms is put where all other calls carry theirs.
    """
    body = await _body(request)
    sent = _parsed(body)
    request.scope[_SENT] = sent
    if sent[TOKEN]:
        request.scope["headers"] = [*request.scope["headers"], (_HEADER, sent[TOKEN].encode("latin-1", "replace"))]
    return Request(request.scope, _once(body))


async def _body(request: Request) -> bytes:
    body, more = b"", True
    while more:
        message = await request.receive()
        body += message.get("body", b"")
        if len(body) > MAX_FORM:
            raise TooLarge("this form is longer than anybody types")
        more = message.get("more_body", False)
    return body


def _parsed(body: bytes) -> Sent:
    values: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError:
        raise Malformed("the form cannot be read") from None
    for name, value in pairs:
        if "\0" in value:
            raise Malformed("the form holds a NUL character")
        values.setdefault(name, []).append(value)
    return Sent({name: tuple(each) for name, each in values.items()})


def _once(body: bytes) -> Callable[[], Awaitable[Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def sent_form(request: Request) -> Sent:
    """The form that a request has brought; an empty one where it has brought none."""
    sent: Sent = request.scope.get(_SENT, Sent())
    return sent


SentForm = Annotated[Any, Depends(sent_form)]
"""The same, for those who declare that they want it."""
