"""Time-based one-time codes (RFC 6238), the recovery codes that stand in for them, and why one is refused."""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime

import pyotp

from foodflow.kernel.errors import Conflict, Forbidden, Unauthenticated

RECOVERY_CODES, RECOVERY_BYTES = 10, 15
SECRET_BYTES = 20
_STEP_SECONDS = 30
_WINDOW = 1
_GROUP = 4


class CodeNeeded(Unauthenticated):
    """The password is right, and this person signs in with a second factor too."""

    code = "identity.code_needed"

    def __init__(self) -> None:
        super().__init__("send the code of your second factor, too")


class BadCode(Unauthenticated):
    """The code is wrong, too old, or was used before."""

    code = "identity.bad_code"

    def __init__(self) -> None:
        super().__init__("the code is wrong, too old, or was used before")


class WrongPassword(Unauthenticated):
    """Whoever is signed in was asked for their password, and entered another."""

    code = "identity.wrong_password"

    def __init__(self) -> None:
        super().__init__("the password is wrong")


class SecondFactorRequired(Forbidden):
    """The company lets nobody act who has signed in without a second factor."""

    code = "identity.second_factor_required"

    def __init__(self) -> None:
        super().__init__("your company asks for a second factor: set one up, or sign in with it, to do this")


class SecondFactorThere(Conflict):
    """There is a confirmed second factor already."""

    code = "identity.second_factor_there"

    def __init__(self) -> None:
        super().__init__("there is a second factor already; remove it before you set up another")


class NoSecondFactor(Conflict):
    """There is no second factor to do this with."""

    code = "identity.no_second_factor"

    def __init__(self) -> None:
        super().__init__("there is no second factor to do this with; begin by setting one up")


def step_of(secret: str, code: str, *, at: datetime, after: int) -> int | None:
    """The time step that a code belongs to, if it is at most one away from now and after the last one used."""
    present = int(at.timestamp()) // _STEP_SECONDS
    given = "".join(code.split()).encode()
    totp = pyotp.TOTP(secret)
    for step in range(present - _WINDOW, present + _WINDOW + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), given) and step > after:
            return step
    return None


def address_of(secret: str, *, username: str, company: str) -> str:
    """The `otpauth://` address that an app reads, mostly out of a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=f"FoodFlow {company}")


def recovery_code_of(chance: bytes) -> str:
    """Random bytes as a code, in groups that can be read out."""
    letters = base64.b32encode(chance).decode()
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def plain_recovery_code(code: str) -> str:
    """A recovery code as it is hashed: without what people add or leave out when they type it."""
    return "".join(letter for letter in code.upper() if letter.isalnum())


def is_required(company_settings: Mapping[str, object]) -> bool:
    """Whether a company asks its people for a second factor."""
    return company_settings.get("second_factor") == "required"
