"""MQTT: each event on the topic `foodflow/<company>/<type, with slashes>`, with quality of service 1."""

import ssl
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

import aiomqtt

from foodflow.kernel.brokers.broker import BrokerError, Publication, name_of

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_AT_LEAST_ONCE = 1
_SECONDS = 5.0


class Mqtt:
    """An MQTT broker (3.1.1); it acknowledges what it has taken and keeps it for those who have a session with it."""

    def __init__(self, url: str) -> None:
        self._url, self.name = url, name_of(url)
        self._client: aiomqtt.Client | None = None

    async def connect(self) -> None:
        """Connect."""
        server = urlsplit(self._url)
        client = aiomqtt.Client(
            server.hostname or "localhost",
            server.port or _PORTS[server.scheme],
            username=unquote(server.username) if server.username else None,
            password=unquote(server.password) if server.password else None,
            tls_context=ssl.create_default_context() if server.scheme == "mqtts" else None,
            timeout=_SECONDS,
        )
        try:
            await client.__aenter__()  # left in `close`
        except (aiomqtt.MqttError, OSError, TimeoutError) as error:
            raise BrokerError(f"the MQTT broker cannot be reached: {error}") from error
        self._client = client

    async def publish(self, publications: Sequence[Publication]) -> None:
        """One after the other, each acknowledged before the next."""
        if self._client is None:
            raise BrokerError("the MQTT broker is not connected")
        try:
            for each in publications:
                topic = f"foodflow/{each.tenant}/{each.type.replace('.', '/')}"
                await self._client.publish(topic, each.body, qos=_AT_LEAST_ONCE, timeout=_SECONDS)
        except (aiomqtt.MqttError, OSError, TimeoutError) as error:
            raise BrokerError(f"the MQTT broker has not acknowledged: {error}") from error

    async def close(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            try:
                await client.__aexit__(None, None, None)
            except (aiomqtt.MqttError, OSError, TimeoutError):
                return
