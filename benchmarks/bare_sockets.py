"""A bare WebSocket server without any product around it: `python -m benchmarks.bare_sockets PORT`. What the word `all`
leads to goes to everybody; everything else is answered with `ok` to whoever said it.
"""

import asyncio
import sys

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

MESSAGE = '{"type":"turn","padding":"' + "x" * 1000 + '"}'
"""As long as what a live session tells of a poll."""


async def main(port: int) -> None:
    """Serve until the process is ended."""
    connections: set[ServerConnection] = set()

    async def handle(connection: ServerConnection) -> None:
        connections.add(connection)
        try:
            async for said in connection:
                if said == "all":
                    broadcast(connections, MESSAGE)
                else:
                    await connection.send("ok")
        except ConnectionClosed:
            pass
        finally:
            connections.discard(connection)

    async with serve(handle, "127.0.0.1", port, compression=None, ping_interval=None, backlog=4096):
        print("ready", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
