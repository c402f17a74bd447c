"""Wire shapes of passwords."""

from foodflow.identity.schemas.invitations import LinkIn
from foodflow.identity.schemas.people import Email, Password
from foodflow.kernel.wire import In, Out


class PasswordChangeIn(In):
    """The password that somebody has, and the one that they want."""

    current_password: Password
    new_password: Password


class ForgottenIn(In):
    """The address of somebody who forgot their password."""

    email: Email


class PasswordResetIn(LinkIn):
    """The secret of the link, and the new password."""

    new_password: Password


class SaidOut(Out):
    """What happens now, in a sentence."""

    detail: str
