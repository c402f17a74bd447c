"""HTTP interface of identity."""

from fastapi import APIRouter

from foodflow.identity.routes import signing_in

router = APIRouter()
for part in (signing_in,):
    router.include_router(part.router)
