"""Settings: what the environment may say, and the one line that answers when it says something else."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from foodflow.settings import Settings, SettingsError, environment_of_part, load_settings

WRONG = [
    ("FOODFLOW_PORT", "0", "'0', expected a whole number from 1 to 65535"),
    ("FOODFLOW_PORT", "65536", "'65536', expected a whole number from 1 to 65535"),
    ("FOODFLOW_PORT", "tcp://10.0.0.1:80", "'tcp://10.0.0.1:80', expected a whole number from 1 to 65535"),
    ("FOODFLOW_URL", "f.example", "'f.example', expected the address of a site"),
    ("FOODFLOW_URL", "https://f.example/app", "'https://f.example/app', expected the address of a site"),
    ("FOODFLOW_TRUSTED_ORIGINS", "https://a.example,b", "'https://a.example,b', expected addresses of sites"),
    ("FOODFLOW_TRUSTED_PROXIES", "nonsense", "'nonsense', expected IP addresses or networks"),
    ("FOODFLOW_RATE_PER_ADDRESS", "0/minute", "'0/minute', expected such as 600/minute"),
    ("FOODFLOW_RATE_PER_COMPANY", "60/day", "'60/day', expected such as 6000/minute"),
    ("FOODFLOW_MAIL_FROM", "nobody", "'nobody', expected an e-mail address"),
    ("FOODFLOW_HOST", "two words", "'two words', expected a host name or an IP address"),
    ("FOODFLOW_HOME", "~nobody-of-this-name/x", "'~nobody-of-this-name/x', expected the path of a folder"),
    ("FOODFLOW_LOG_LEVEL", "loud", "'loud', expected debug, info, warning, error or critical"),
    ("FOODFLOW_ADMIN_USERNAME", "a b", "'a b', expected 1 to 150 characters without spaces"),
    ("FOODFLOW_SECRET_KEY", "x" * 31, "not valid, expected at least 32 characters"),
    ("DATABASE_URL", "mysql://u:hidden@h/d", "not valid, expected a URL such as postgresql://"),
    ("DATABASE_URL", "postgresql://u:hidden@h:99999/d", "not valid, expected a URL such as postgresql://"),
]


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = load_settings({})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.admin_username) == ("127.0.0.1", 8000, "admin")
    assert (settings.default_tenant, settings.log_level) == ("demo", "info")
    assert (settings.database_url, settings.admin_password, settings.secret_key) == (None, None, None)
    assert settings.home == Path.cwd() / ".foodflow"


def test_every_setting_is_read_from_its_variable(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "DATABASE_URL": "postgresql://u:p@db.example:6543/food",
            "FOODFLOW_HOME": str(tmp_path),
            "FOODFLOW_HOST": "0.0.0.0",
            "FOODFLOW_PORT": "9001",
            "FOODFLOW_ADMIN_USERNAME": "ana",
            "FOODFLOW_ADMIN_PASSWORD": "long enough",
            "FOODFLOW_SECRET_KEY": "k" * 32,
            "FOODFLOW_DEFAULT_TENANT": "north-dairy",
            "FOODFLOW_LOG_LEVEL": "DEBUG",
        }
    )
    assert settings.database_url == "postgresql://u:p@db.example:6543/food"
    assert (settings.home, settings.host, settings.port) == (tmp_path, "0.0.0.0", 9001)
    assert (settings.admin_username, settings.admin_password) == ("ana", SecretStr("long enough"))
    assert settings.secret_key == SecretStr("k" * 32)
    assert (settings.default_tenant, settings.log_level) == ("north-dairy", "debug")


@pytest.mark.parametrize(("variable", "value", "complaint"), WRONG)
def test_a_wrong_value_is_one_line_with_variable_value_and_expectation(
    variable: str, value: str, complaint: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({variable: value})
    line = str(refused.value)
    assert line.startswith(f"{variable} is {complaint}")
    assert "\n" not in line


@pytest.mark.parametrize("slug", ["Demo", "1st", "a_b", "a-", "a b", "demo\n", "x" * 41, "ä"])
def test_a_company_that_cannot_be_a_role_is_refused(slug: str) -> None:
    with pytest.raises(SettingsError, match=r"^FOODFLOW_DEFAULT_TENANT is .*expected 1 to 40 characters"):
        load_settings({"FOODFLOW_DEFAULT_TENANT": slug})


def test_a_value_of_several_lines_is_still_reported_in_one() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"FOODFLOW_PORT": "80\n" * 100})
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


def test_all_wrong_variables_are_named_at_once() -> None:
    with pytest.raises(SettingsError, match=r"^FOODFLOW_PORT is .*; FOODFLOW_LOG_LEVEL is .*"):
        load_settings({"FOODFLOW_PORT": "x", "FOODFLOW_LOG_LEVEL": "y"})


def test_no_secret_stands_in_a_complaint_or_in_the_representation() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"FOODFLOW_SECRET_KEY": "hidden", "DATABASE_URL": "postgres://u:hidden@h/d"})
    assert "hidden" not in str(refused.value)
    settings = load_settings(
        {
            "DATABASE_URL": "postgresql://u:hidden@h/d",
            "FOODFLOW_ADMIN_PASSWORD": "hidden",
            "REDIS_URL": "redis://:hidden@h",
            "SMTP_URL": "smtp://u:hidden@h",
            "SUPABASE_JWT_SECRET": "hidden" * 8,
        }
    )
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize("variable", ["DATABASE_URL", "REDIS_URL", "SMTP_URL", "SUPABASE_JWT_SECRET"])
def test_a_wrong_value_that_may_carry_a_secret_is_not_shown(variable: str) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} is not valid, expected ") as refused:
        load_settings({variable: "ftp://hidden"})
    assert "hidden" not in str(refused.value)


def test_lists_are_separated_by_commas() -> None:
    settings = load_settings({"FOODFLOW_TRUSTED_PROXIES": " 10.0.0.5, ::1 ,", "FOODFLOW_TRUSTED_ORIGINS": ""})
    assert settings.trusted_proxies == ("10.0.0.5/32", "::1/128")
    assert settings.trusted_origins == ()


def test_links_begin_with_the_address_that_is_set_or_with_host_and_port() -> None:
    assert load_settings({"FOODFLOW_URL": "https://f.example/"}).public_url == "https://f.example"
    assert Settings(port=9004).public_url == "http://127.0.0.1:9004"


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_variable_counts_as_not_set(blank: str) -> None:
    assert load_settings({"DATABASE_URL": blank, "FOODFLOW_PORT": blank}) == Settings()


def test_settings_that_are_given_do_not_look_at_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOODFLOW_PORT", "9002")
    assert Settings().port == 8000
    assert load_settings({}).port == 8000
    assert load_settings().port == 9002


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("plant.example", "http://plant.example:8000"),
    ],
)
def test_the_address_is_one_that_a_browser_can_open(host: str, address: str) -> None:
    assert Settings(host=host).address == address


def test_a_part_reads_the_same_settings_from_its_environment(tmp_path: Path) -> None:
    settings = Settings(
        database_url="postgresql://u:p@h/d",
        home=tmp_path,
        port=9003,
        secret_key=SecretStr("k" * 40),
        lifeline=tmp_path / "lock",
        url="https://f.example",
        trusted_origins=("https://a.example", "http://b.example:8080"),
        trusted_proxies=("10.0.0.5/32", "192.168.0.0/16"),
        redis_url="redis://:p@h/0",
        smtp_url="smtps://u:p@h",
        supabase_url="https://s.example",
        supabase_jwt_secret=SecretStr("s" * 40),
    )
    assert load_settings(environment_of_part(settings)) == settings


def test_a_part_is_not_given_the_administrator_s_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOODFLOW_ADMIN_PASSWORD", "hidden")
    assert "hidden" not in environment_of_part(load_settings()).values()
