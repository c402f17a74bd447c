"""Settings: what a FoodFlow process is told from outside; the environment is read here and nowhere else."""

import os
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

SLUG_PATTERN = r"^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$"
"""A company's short name: at once a host name and, with `_` for `-`, a PostgreSQL role."""
RATE_PATTERN = r"^[1-9][0-9]{0,8}/(second|minute|hour)$"
LogLevel = Literal["debug", "info", "warning", "error", "critical"]

_PREFIX = "FOODFLOW_"
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound here: how to reach a server that is
# Needed by whoever prepares the database alone, so the parts are started without it.
_NOT_FOR_PARTS = frozenset({"admin_password", "api_key"})
_MAY_CARRY_A_PASSWORD = frozenset({"brokers", "database_url", "redis_url", "smtp_url"})
_LONGEST_VALUE_SHOWN = 80


class SettingsError(Exception):
    """A setting is wrong; the text is one line that names the variable, its value and what is expected."""


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _absolute(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:  # a ~ of nobody
        raise ValueError(str(error)) from None


def _postgresql_url(value: str) -> str:
    if not value.startswith("postgresql://"):
        message = "not a postgresql:// URL"
        raise ValueError(message)
    _ = urlsplit(value).port  # raises ValueError unless the port is a number from 0 to 65535
    return value


def _web_origin(value: str) -> str:
    parts = urlsplit(value)
    _ = parts.port  # raises ValueError unless the port is a number from 0 to 65535
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        message = "not the address of a site"
        raise ValueError(message)
    return value.rstrip("/")


def _listed(value: object) -> object:
    return tuple(filter(None, (part.strip() for part in value.split(",")))) if isinstance(value, str) else value


def _network(value: str) -> str:
    return str(ip_network(value))  # raises ValueError unless it is an address or a network


def _mail_server(value: str) -> str:
    parts = urlsplit(value)
    _ = parts.port
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        message = "not an smtp:// or smtps:// URL"
        raise ValueError(message)
    return value


def _redis_url(value: str) -> str:
    if urlsplit(value).scheme not in {"redis", "rediss"}:
        message = "not a redis:// or rediss:// URL"
        raise ValueError(message)
    return value


def _broker_url(value: str) -> str:
    parts = urlsplit(value)
    _ = parts.port  # raises ValueError unless the port is a number from 0 to 65535
    if parts.scheme not in {"nats", "tls", "redis", "rediss", "mqtt", "mqtts"} or not parts.hostname:
        message = "not the URL of a broker"
        raise ValueError(message)
    return value


def _setting(default: object, meaning: str, expected: str, **rules: Any) -> Any:  # noqa: ANN401 - typed as pydantic.Field is
    return Field(default, description=meaning, json_schema_extra={"expected": expected}, **rules)


class Settings(BaseSettings):
    """All settings of one process, checked and frozen; `load_settings` reads them from the environment."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=_PREFIX, populate_by_name=True, enable_decoding=False
    )

    database_url: Annotated[str, AfterValidator(_postgresql_url)] | None = _setting(
        None,
        "The PostgreSQL to use (15 or newer). Not set: FoodFlow brings and runs its own.",
        "a URL such as postgresql://user:password@host:5432/database",
        validation_alias="DATABASE_URL",
        repr=False,  # it may carry a password
    )
    home: Annotated[Path, AfterValidator(_absolute)] = _setting(
        Path("./.foodflow"),
        "Folder of this installation's data, logs and secret key.",
        "the path of a folder",
        validate_default=True,
    )
    host: str = _setting(
        "127.0.0.1", "Address that the web server listens on.", "a host name or an IP address", pattern=r"^\S+$"
    )
    port: int = _setting(8000, "Port that the web server listens on.", "a whole number from 1 to 65535", ge=1, le=65535)
    admin_username: str = _setting(
        "admin", "Name of the first administrator.", "1 to 150 characters without spaces", pattern=r"^\S{1,150}$"
    )
    admin_password: SecretStr | None = _setting(
        None, "Password of the first administrator. Not set: made at random and shown once.", "a password"
    )
    secret_key: SecretStr | None = _setting(
        None,
        "Key that signs sessions and tokens. Not set: made once and kept in the home folder.",
        "at least 32 characters",
        min_length=32,
    )
    default_tenant: str = _setting(
        "demo",
        "Company of callers who name none; it is created at the first start.",
        "1 to 40 characters: lower-case letters, digits and hyphens, a letter first, no hyphen last",
        pattern=SLUG_PATTERN,
    )
    url: Annotated[str, AfterValidator(_web_origin)] | None = _setting(
        None,
        "Address that people reach FoodFlow at, for links in mails and signing in elsewhere. Not set: host and port.",
        "the address of a site, such as https://foodflow.example",
    )
    trusted_origins: Annotated[tuple[Annotated[str, AfterValidator(_web_origin)], ...], BeforeValidator(_listed)] = (
        _setting(
            (),
            "Other sites whose pages may call FoodFlow with a visitor's cookie, separated by commas.",
            "addresses of sites, such as https://app.example,https://board.example",
        )
    )
    trusted_proxies: Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(_listed)] = (
        _setting(
            (),
            "Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, separated by commas.",
            "IP addresses or networks, such as 10.0.0.5,192.168.0.0/16",
        )
    )
    rate_per_address: str = _setting(
        "1200/minute", "Calls taken from one address without a credential.", "such as 600/minute", pattern=RATE_PATTERN
    )
    rate_per_credential: str = _setting(
        "3000/minute", "Calls taken from one person or API key.", "such as 600/minute", pattern=RATE_PATTERN
    )
    rate_per_company: str = _setting(
        "12000/minute", "Calls taken from one company.", "such as 6000/minute", pattern=RATE_PATTERN
    )
    redis_url: Annotated[str, AfterValidator(_redis_url)] | None = _setting(
        None,
        "Redis in which several web processes count calls together. Not set: each counts by itself.",
        "a URL such as redis://host:6379/0",
        validation_alias="REDIS_URL",
        repr=False,  # it may carry a password
    )
    brokers: Annotated[tuple[Annotated[str, AfterValidator(_broker_url)], ...], BeforeValidator(_listed)] = _setting(
        (),
        "Brokers that all events are relayed to, separated by commas: NATS JetStream (nats://, tls://),"
        " Redis Streams (redis://, rediss://), MQTT (mqtt://, mqtts://).",
        "URLs such as nats://host:4222,redis://:password@host:6379/0",
        repr=False,  # they may carry passwords
    )
    smtp_url: Annotated[str, AfterValidator(_mail_server)] | None = _setting(
        None,
        "Mail server; smtp:// starts TLS where the server offers it, smtps:// begins with it."
        " Not set: mails are written into the folder `mail` of the home folder.",
        "a URL such as smtp://user:password@host:587",
        validation_alias="SMTP_URL",
        repr=False,  # it may carry a password
    )
    mail_from: str = _setting(
        "foodflow@localhost", "Sender of mails.", "an e-mail address", pattern=r"^[^\s@<>]+@[^\s@<>]+$"
    )
    supabase_url: Annotated[str, AfterValidator(_web_origin)] | None = _setting(
        None,
        "Supabase project whose users may call with its tokens, once they are linked to a person.",
        "the address of a project, such as https://abc.supabase.co",
        validation_alias="SUPABASE_URL",
    )
    supabase_jwt_secret: SecretStr | None = _setting(
        None,
        "Shared secret of that project's tokens (HS256). Not set: its published keys (RS256, ES256) alone.",
        "at least 32 characters",
        validation_alias="SUPABASE_JWT_SECRET",
        min_length=32,
    )
    api_key: SecretStr | None = _setting(
        None,
        "Key that `foodflow gateway` calls FoodFlow with. Not set: the key_file of its configuration.",
        "an API key",
    )
    environment: str = _setting(
        "development", "What this installation is for, as its health says.", "a name such as production"
    )
    app_version: str = _setting(
        "unknown", "What was deployed here, as its health says.", "a version, or the name of a commit"
    )
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = _setting(
        "info", "How much is logged.", "debug, info, warning, error or critical"
    )
    lifeline: Path | None = _setting(
        None, "Given by the supervisor to the parts that it starts: the lock whose release ends them.", "a file's path"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        *_: object,
        **__: object,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is given and nothing else: `Settings(port=1)` means the same in every environment."""
        return (init_settings,)

    @property
    def address(self) -> str:
        """Where a browser on this machine reaches the web server, such as http://127.0.0.1:8000."""
        return f"http://{bracketed(_EVERY_ADDRESS.get(self.host, self.host))}:{self.port}"

    @property
    def public_url(self) -> str:
        """The address that stands in links to FoodFlow, without a slash at its end."""
        return self.url or self.address

    @property
    def mail_folder(self) -> Path:
        """Where mails are written while no mail server is set."""
        return self.home / "mail"


class _Environment(EnvSettingsSource):
    """The variables that are ours and not blank, out of a given mapping."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        ours = {variable_of(name) for name in Settings.model_fields}
        self.given = {name: value for name, value in environ.items() if name in ours and value.strip()}
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self.given.items()}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment, or from the given mapping; an empty variable counts as not set.

    Raises SettingsError, one line that names every wrong variable.
    """
    source = _Environment(os.environ if environ is None else environ)
    try:
        return Settings(**source())
    except ValidationError as error:
        wrong = dict.fromkeys(_field_at(problem["loc"][0]) for problem in error.errors())
        raise SettingsError("; ".join(_complaint(name, source.given[variable_of(name)]) for name in wrong)) from None


def variable_of(field: str) -> str:
    """The environment variable that a field of Settings is read from."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"{_PREFIX}{field.upper()}"


def environment_of_part(settings: Settings) -> dict[str, str]:
    """The environment to start a part of FoodFlow with: this process's own, overlaid with these settings."""
    values = {name: value for name, value in settings if value is not None and name not in _NOT_FOR_PARTS}
    inherited = {name: value for name, value in os.environ.items() if name not in map(variable_of, _NOT_FOR_PARTS)}
    return inherited | {variable_of(name): _plain(value) for name, value in values.items()}


def bracketed(host: str) -> str:
    """A host as it stands in a URL: an IPv6 address in brackets, anything else as it is."""
    return f"[{host}]" if ":" in host else host


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _field_at(location: int | str) -> str:
    return next(name for name in Settings.model_fields if location in (name, variable_of(name)))


def _complaint(field: str, value: str) -> str:
    extra = Settings.model_fields[field].json_schema_extra
    expected = extra["expected"] if isinstance(extra, dict) else ""
    return f"{variable_of(field)} is {_shown(field, value)}, expected {expected}"


def _shown(field: str, value: str) -> str:
    """The value as an error line may carry it: never a secret, never a second line."""
    if field in _MAY_CARRY_A_PASSWORD or SecretStr in get_args(Settings.model_fields[field].annotation):
        return "not valid"
    return repr(value if len(value) <= _LONGEST_VALUE_SHOWN else f"{value[:_LONGEST_VALUE_SHOWN]}…")
