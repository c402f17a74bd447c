"""The participants' own door: ten thousand who come back at once are led to their session without the long way.

It does what the route does for whoever brings a good participant token, and nothing else: no look-up among all routes,
no dependencies, no counting of calls by the company. Whoever brings anything else goes on to the route.
"""

import re
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from foodflow.kernel.errors import Refusal
from foodflow.live.public.authenticating import participant_of
from foodflow.live.routes.sockets import attend

_PATH: Final = re.compile(r"/api/(?:v1/)?sessions/(\d{1,10})/socket/?")


class ParticipantsDoor:
    """Takes sockets of participants in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a participant in, refuse them before the socket is accepted, or let the route decide."""
        found = _PATH.fullmatch(scope["path"]) if scope["type"] == "websocket" else None
        if found is None:
            await self.app(scope, receive, send)
            return
        websocket = WebSocket(scope, receive, send)
        try:
            actor = participant_of(websocket)
            if actor is None:
                await self.app(scope, receive, send)
                return
            await attend(websocket, actor, int(found[1]))
        except Refusal:
            await websocket.close()
