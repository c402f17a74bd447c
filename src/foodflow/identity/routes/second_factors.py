"""HTTP interface of second factors."""

import segno
from starlette.requests import Request
from starlette.responses import Response

from foodflow.identity.public import second_factors
from foodflow.identity.public.signing_in import caller_of
from foodflow.identity.schemas.second_factors import (
    ConfirmIn,
    ProofIn,
    RecoveryCodesOut,
    SecondFactorOut,
    SetUpIn,
    SetUpOut,
)
from foodflow.identity.schemas.signing_in import NothingOut
from foodflow.kernel.http import CurrentActor, guarded_router, needs

router = guarded_router(prefix="/api/v1/auth/second-factor", tags=["second factor"])
_CHANGE = needs("identity.change_self")


@router.get("", dependencies=[needs("identity.read_self")])
async def show_second_factor(request: Request, actor: CurrentActor) -> SecondFactorOut:
    """How one stands with one's second factor."""
    return SecondFactorOut.model_validate(await second_factors.overview(request.app.state.database, actor))


@router.post("", dependencies=[_CHANGE])
async def set_up_second_factor(request: Request, response: Response, actor: CurrentActor, body: SetUpIn) -> SetUpOut:
    """Begin a second factor; it holds once it is confirmed."""
    state = request.app.state
    caller = caller_of(request)
    begun = await second_factors.set_up(state.database, actor, body.password, caller, sealer=state.sealer)
    response.headers["Cache-Control"] = "no-store"
    picture = segno.make(begun.uri, error="m").svg_inline(scale=4)
    return SetUpOut(secret=begun.secret, uri=begun.uri, qr_svg=picture)


@router.post("/confirm", dependencies=[_CHANGE])
async def confirm_second_factor(
    request: Request, response: Response, actor: CurrentActor, body: ConfirmIn
) -> RecoveryCodesOut:
    """Let the second factor hold, with a first code of the app."""
    state = request.app.state
    codes = await second_factors.confirm(state.database, actor, body.code, sealer=state.sealer)
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodesOut(recovery_codes=codes)


@router.post("/recovery-codes", dependencies=[_CHANGE])
async def renew_recovery_codes(
    request: Request, response: Response, actor: CurrentActor, body: ProofIn
) -> RecoveryCodesOut:
    """New recovery codes; the former ones are good for nothing any more."""
    state, caller = request.app.state, caller_of(request)
    renew = second_factors.renew_recovery_codes
    codes = await renew(state.database, actor, body.password, body.code, caller=caller, sealer=state.sealer)
    response.headers["Cache-Control"] = "no-store"
    return RecoveryCodesOut(recovery_codes=codes)


@router.post("/remove", dependencies=[_CHANGE])
async def remove_second_factor(request: Request, actor: CurrentActor, body: ProofIn) -> NothingOut:
    """Sign in with the password alone again, if the company lets one."""
    state, caller = request.app.state, caller_of(request)
    remove = second_factors.remove
    await remove(state.database, actor, body.password, body.code, caller=caller, sealer=state.sealer)
    return NothingOut()
