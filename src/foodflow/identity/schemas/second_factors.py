"""Wire shapes of second factors."""

from foodflow.identity.schemas.signing_in import Code, Password
from foodflow.kernel.wire import In, Instant, Out


class SecondFactorOut(Out):
    """Whether there is a second factor that holds, and whether the company asks for one."""

    enrolled: bool
    confirmed_at: Instant | None
    recovery_codes_left: int
    required: bool


class SetUpIn(In):
    """The present password."""

    password: Password


class SetUpOut(Out):
    """What an app needs to make codes: as text, as an address, and as a picture (SVG) of that address. Shown once."""

    secret: str
    uri: str
    qr_svg: str


class ConfirmIn(In):
    """A code of the app."""

    code: Code


class ProofIn(In):
    """The present password and a code."""

    password: Password
    code: Code


class RecoveryCodesOut(Out):
    """Codes that stand in for the app, each once. Shown once."""

    recovery_codes: list[str]
