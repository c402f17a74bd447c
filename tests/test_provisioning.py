"""Provisioning a database, and what a part says that lacks a setting."""

import pytest
from pydantic import SecretStr

from foodflow.kernel.glance import is_provisioned
from foodflow.parts import begin_part
from foodflow.preparation import prepare
from foodflow.settings import Settings, SettingsError
from foodflow.supervisor import CannotStartError
from tests import make


def test_the_first_time_a_company_and_its_administrator_are_made_and_the_second_time_nothing(
    empty_database_url: str,
) -> None:
    settings = Settings(database_url=empty_database_url)
    said = prepare(settings)
    assert said[:2] == ["Company demo created", "Administrator admin created"]
    assert said[2].startswith("Password (shown this once): ")
    assert is_provisioned(empty_database_url, tenant="demo", username="admin")
    assert prepare(settings) == []


def test_a_password_that_was_given_is_not_shown(empty_database_url: str) -> None:
    said = prepare(Settings(database_url=empty_database_url, admin_password=SecretStr(make.PASSWORD)))
    assert "Administrator admin created" in said
    assert not [line for line in said if make.PASSWORD in line or "shown this once" in line]


def test_a_password_that_is_too_short_is_refused_and_the_next_start_can_mend_it(empty_database_url: str) -> None:
    with pytest.raises(CannotStartError, match="password: must have 8 to 256 characters"):
        prepare(Settings(database_url=empty_database_url, admin_password=SecretStr("short")))
    assert "Administrator admin created" in prepare(Settings(database_url=empty_database_url))


def test_a_part_that_lacks_a_setting_names_it() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL is not set"):
        begin_part(Settings())
    with pytest.raises(SettingsError, match="FOODFLOW_SECRET_KEY is not set"):
        begin_part(Settings(database_url="postgresql://nobody@127.0.0.1/nothing"))
