"""What every part (process) of FoodFlow does first, and what it cannot do without."""

from foodflow.kernel import lifeline, telemetry
from foodflow.settings import Settings, SettingsError


def database_url_of(settings: Settings) -> str:
    """The database's URL, which nothing but `foodflow up` can do without."""
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL is not set; `foodflow up` starts everything with a database of its own")
    return settings.database_url


def secret_key_of(settings: Settings) -> str:
    """The key that signs tokens, which no part can do without."""
    if settings.secret_key is None:
        raise SettingsError("FOODFLOW_SECRET_KEY is not set; `foodflow up` makes one and keeps it")
    return settings.secret_key.get_secret_value()


def begin_part(settings: Settings) -> None:
    """What every process of FoodFlow does first: check its settings, log, and tie its life to the supervisor's."""
    database_url_of(settings)
    secret_key_of(settings)
    telemetry.configure_logging(settings.log_level)
    if settings.lifeline is not None:
        lifeline.end_with_supervisor(settings.home, settings.lifeline)
