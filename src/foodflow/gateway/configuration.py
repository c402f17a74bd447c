"""The configuration of a gateway: one TOML file, checked whole before anything is connected."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from foodflow.kernel.errors import Invalid
from foodflow.settings import Settings

_SCHEMES = {"mqtt": 1883, "mqtts": 8883}
_PLACE = re.compile(r"\{(\w+)\}")
_SPARKPLUG_NAMES = frozenset({"group", "node", "device", "metric"})


class BadConfiguration(Invalid):
    """The file of a gateway cannot be used; the text says where and why."""

    code = "gateway.configuration"


def _http(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = "not an http:// or https:// address"
        raise ValueError(message)
    return value.rstrip("/")


def _mqtt(value: str) -> str:
    parts = urlsplit(value)
    _ = parts.port
    if parts.scheme not in _SCHEMES or not parts.hostname:
        message = "not an mqtt:// or mqtts:// address"
        raise ValueError(message)
    return value


def _opcua(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "opc.tcp" or not parts.hostname:
        message = "not an opc.tcp:// address"
        raise ValueError(message)
    return value


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(_Section):
    """The FoodFlow that is forwarded to; the key comes from `FOODFLOW_API_KEY` or the first line of a file."""

    address: Annotated[str, AfterValidator(_http)]
    key_file: Path | None = None
    readings_at_once: Annotated[int, Field(ge=1, le=50_000)] = 20_000
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60


class Spool(_Section):
    """Where measurements wait: a folder on a disk that outlives the process."""

    folder: Path = Path("spool")
    most_readings: Annotated[int, Field(ge=1000)] = 50_000_000
    retry_aside_seconds: Annotated[float, Field(gt=0)] = 300


class Topic(_Section):
    """How messages of some topics become measurements.

    `topic` is an MQTT filter in which `{name}` stands for one level; `sensor` is the code of the sensor, made of those
    names. Of JSON objects, `value`, `time` and `status` name the members (dotted where they lie deeper); with `value`
    left out a bare number is the value, and of an object every number is one, called `{member}` in `sensor`.
    """

    topic: Annotated[str, Field(min_length=1, max_length=1000)]
    format: Literal["json", "sparkplug_b"] = "json"
    sensor: Annotated[str, Field(min_length=1, max_length=1000)]
    value: str = ""
    time: str = ""
    time_unit: Literal["rfc3339", "s", "ms", "us"] = "rfc3339"
    status: str = ""

    @property
    def filter(self) -> str:
        """The topic as MQTT subscribes to it."""
        return _PLACE.sub("+", self.topic)

    @property
    def names(self) -> frozenset[str]:
        """The names that `sensor` may be made of."""
        if self.format == "sparkplug_b":
            return _SPARKPLUG_NAMES
        return frozenset({*_PLACE.findall(self.topic), *(() if self.value else ("member",))})

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        unknown = sorted(set(_PLACE.findall(self.sensor)) - self.names)
        if unknown:
            message = f"sensor uses {{{unknown[0]}}}, which the topic does not have"
            raise ValueError(message)
        levels = self.filter.split("/")
        if "#" in levels[:-1] or any(
            level != "#" and ("#" in level or (len(level) > 1 and "+" in level)) for level in levels
        ):
            message = f"{self.topic} is no topic filter: + and {{name}} stand for one whole level, # for all at the end"
            raise ValueError(message)
        return self


class Mqtt(_Section):
    """The broker, and what is taken from it. `client` is the name of the session that the broker keeps meanwhile."""

    address: Annotated[str, AfterValidator(_mqtt)]
    client: Annotated[str, Field(min_length=1, max_length=200)] = "foodflow-gateway"
    password_file: Path | None = None
    ca_file: Path | None = None
    host_id: Annotated[str, Field(pattern=r"^[^/+#]*$", max_length=200)] = ""
    topics: Annotated[tuple[Topic, ...], Field(min_length=1)]

    @property
    def port(self) -> int:
        """The broker's port."""
        parts = urlsplit(self.address)
        return parts.port or _SCHEMES[parts.scheme]


class Node(_Section):
    """A variable of an OPC UA server, and the sensor that it is."""

    node: Annotated[str, Field(min_length=1)]
    sensor: Annotated[str, Field(min_length=1, max_length=100)]


class OpcUa(_Section):
    """An OPC UA server, and the variables to subscribe to."""

    address: Annotated[str, AfterValidator(_opcua)]
    user: str = ""
    password_file: Path | None = None
    security: Annotated[str, Field(description="policy,mode,certificate,key as asyncua takes it")] = ""
    interval_ms: Annotated[float, Field(gt=0)] = 1000
    queue: Annotated[int, Field(ge=1, le=100_000)] = 1000
    history: bool = True
    nodes: Annotated[tuple[Node, ...], Field(min_length=1)]


class Configuration(_Section):
    """A whole gateway."""

    foodflow: Server
    spool: Spool = Spool()
    mqtt: Mqtt | None = None
    opcua: OpcUa | None = None


def load(file: Path) -> Configuration:
    """Read a gateway's file; paths in it are relative to it. Refused with every fault in one line."""
    try:
        given = Configuration.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadConfiguration(f"{file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{file} is no TOML: {error}") from None
    except ValidationError as error:
        faults = "; ".join(
            f"{_where(fault['loc'])}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors()
        )
        raise BadConfiguration(f"{file}: {faults}") from None
    return _beside(given, file.absolute().parent)


def key_of(configuration: Configuration, settings: Settings) -> str:
    """The API key to call with."""
    if configuration.foodflow.key_file is not None:
        return secret_of(configuration.foodflow.key_file)
    if settings.api_key is None:
        raise BadConfiguration("no API key: set FOODFLOW_API_KEY, or name a key_file under [foodflow]")
    return settings.api_key.get_secret_value()


def code_of(template: str, names: Mapping[str, str]) -> str:
    """The code of a sensor, made of the names that a message gave."""
    return _PLACE.sub(lambda place: names[place[1]], template)


def secret_of(file: Path) -> str:
    """The first line of a file that holds a secret."""
    try:
        return file.read_text(encoding="utf-8").splitlines()[0].strip()
    except (OSError, UnicodeDecodeError, IndexError):
        raise BadConfiguration(f"{file} holds no secret that can be read") from None


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "the file"


def _beside(given: Configuration, folder: Path) -> Configuration:
    """The same with absolute paths."""
    changes: dict[str, object] = {}
    for name in type(given).model_fields:
        section = getattr(given, name)
        if section is None:
            continue
        paths = {key: folder / value for key, value in section if isinstance(value, Path)}
        changes[name] = section.model_copy(update=paths)
    return given.model_copy(update=changes)
