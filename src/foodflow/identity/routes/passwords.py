"""HTTP interface of passwords and e-mail addresses."""

from starlette.requests import Request

from foodflow.identity.public import emails, passwords
from foodflow.identity.public.passwords import Passwords
from foodflow.identity.public.signing_in import caller_of
from foodflow.identity.schemas.invitations import LinkIn
from foodflow.identity.schemas.passwords import ForgottenIn, PasswordChangeIn, PasswordResetIn, SaidOut
from foodflow.kernel.http import CurrentActor, guarded_router, needs, open_to_all

router = guarded_router(prefix="/api/v1/auth", tags=["passwords"])


@router.post("/password/change", status_code=204, dependencies=[needs("identity.change_self")])
async def change_password(request: Request, actor: CurrentActor, body: PasswordChangeIn) -> None:
    """Change one's own password; all other sessions end."""
    state, given = request.app.state, Passwords(body.current_password, body.new_password)
    await passwords.change(state.database, actor, given, caller_of(request), postbox=state.postbox)


@router.post("/password/forgotten", status_code=202, dependencies=[open_to_all()])
async def ask_for_help(request: Request, body: ForgottenIn) -> SaidOut:
    """Ask for a link to set a new password; whether anybody has this address is not said."""
    state = request.app.state
    default = state.settings.default_tenant
    await passwords.ask_for_help(state.database, body.email, sealer=state.sealer, default=default)
    return SaidOut(detail="if somebody signs in with this address, a link is on its way to it")


@router.post("/password/reset", status_code=204, dependencies=[open_to_all()])
async def reset_password(request: Request, body: PasswordResetIn) -> None:
    """Set a new password with the link that was mailed; sign in with it afterwards."""
    state, default = request.app.state, request.app.state.settings.default_tenant
    await passwords.reset(state.database, body.token, body.new_password, postbox=state.postbox, default=default)


@router.post("/email/confirm", status_code=204, dependencies=[open_to_all()])
async def confirm_address(request: Request, body: LinkIn) -> None:
    """Confirm a new e-mail address with the link that was mailed to it."""
    await emails.confirm_address(request.app.state.database, body.token, request.app.state.sealer)
