"""Second factors: a code of an app or a recovery code, each good for one use; set up, asked for, required, removed."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pyotp
import pytest
from sqlalchemy import select

from foodflow.identity.public import proving
from foodflow.identity.public.signing_in import Caller, SignedIn
from foodflow.identity.rules import second_factors as rules
from foodflow.identity.tables import RecoveryCode, SecondFactor
from foodflow.identity.usecases import second_factors
from foodflow.kernel import clock
from foodflow.kernel.db import Database, platform_transaction
from foodflow.kernel.sealing import BrokenSealError, Sealer
from tests.identity.make import LOGIN, TOKEN, USER, Tab, audited, forget_failures, refresh, somebody
from tests.kernel.http.make import problem
from tests.make import PASSWORD, SECRET_KEY, Person

FACTOR = "/api/v1/auth/second-factor"
LINES = "/api/v1/plant-ops/lines"
SEALER = Sealer(SECRET_KEY)
STEP = timedelta(seconds=30)


@pytest.fixture(autouse=True)
async def _open_doors(database: Database) -> None:
    await forget_failures(database)


@pytest.fixture
def person(database_url: str, password_hash: str) -> Person:
    return somebody(database_url, password_hash, "demo")


class App:
    """Somebody's app that makes codes, and the browser that they have set it up in."""

    def __init__(self, tab: Tab, secret: str, recovery_codes: list[str]) -> None:
        self.tab, self.secret, self.recovery_codes = tab, secret, recovery_codes

    def code(self, later: timedelta = STEP) -> str:
        """A code of the step after this one, which setting up has not used."""
        return pyotp.TOTP(self.secret).at(clock.now() + later)


@pytest.fixture
async def tab(anonymous_client: httpx.AsyncClient, person: Person) -> Tab:
    """A browser that is signed in."""
    tab = await Tab(anonymous_client).open()
    assert (await tab.sign_in(person.username)).status_code == 200
    return tab


@pytest.fixture
async def app_of(tab: Tab) -> App:
    """A second factor that holds."""
    begun = (await tab.post(FACTOR, {"password": PASSWORD})).json()
    confirmed = await tab.post(f"{FACTOR}/confirm", {"code": pyotp.TOTP(begun["secret"]).now()})
    return App(tab, begun["secret"], confirmed.json()["recovery_codes"])


async def sign_in(client: httpx.AsyncClient, person: Person, **more: str) -> httpx.Response:
    return await client.post(TOKEN, json={"username": person.username, "password": PASSWORD} | more)


def test_codes_are_those_of_rfc_6238() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for second, code in ((1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        at = datetime.fromtimestamp(second, UTC)
        assert rules.step_of(secret, code, at=at, after=-1) == second // 30
        assert rules.step_of(secret, f" {code[:3]} {code[3:]} ", at=at + STEP, after=-1) == second // 30
        assert rules.step_of(secret, code, at=at + 2 * STEP, after=-1) is None
        assert rules.step_of(secret, code, at=at - 2 * STEP, after=-1) is None
        assert rules.step_of(secret, code, at=at, after=second // 30) is None
    assert rules.step_of(secret, "²³４５６７", at=clock.now(), after=-1) is None


async def test_a_second_factor_is_shown_once_kept_sealed_and_holds_once_it_is_confirmed(
    tab: Tab, person: Person, database: Database, database_url: str
) -> None:
    begun = await tab.post(FACTOR, {"password": PASSWORD})
    assert begun.headers["cache-control"] == "no-store"
    shown = begun.json()
    address = urlsplit(shown["uri"])
    said = parse_qs(address.query)
    assert (address.scheme, address.netloc, said["secret"], said["issuer"]) == (
        *("otpauth", "totp"),
        [shown["secret"]],
        ["FoodFlow Demo"],
    )
    assert shown["qr_svg"].startswith("<svg")
    async with platform_transaction(database) as session:
        row = await session.get_one(SecondFactor, person.id)
    assert shown["secret"].encode() not in row.sealed_secret
    with pytest.raises(BrokenSealError):
        Sealer(SECRET_KEY + "x").open(row.sealed_secret)
    none = {"enrolled": False, "confirmed_at": None, "recovery_codes_left": 0, "required": False}
    assert (await tab.client.get(FACTOR)).json() == none
    assert (await sign_in(tab.client, person)).status_code == 200
    problem(await tab.post(f"{FACTOR}/confirm", {"code": "000000"}), 401)
    codes = (await tab.post(f"{FACTOR}/confirm", {"code": pyotp.TOTP(shown["secret"]).now()})).json()["recovery_codes"]
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([A-Z2-7]{4}-){5}[A-Z2-7]{4}", code) for code in codes)
    told = (await tab.client.get(FACTOR)).json()
    assert (told["enrolled"], told["recovery_codes_left"]) == (True, 10)
    assert problem(await sign_in(tab.client, person), 401)["code"] == "identity.code_needed"
    async with platform_transaction(database) as session:
        hashes = (await session.scalars(select(RecoveryCode.code_hash))).all()
    assert not any(code.encode() in digest for code in codes for digest in hashes)
    assert audited(database_url, "demo", f"user:{person.id}") == ["second_factor.begun", "second_factor.confirmed"]


async def test_setting_up_again_before_confirming_forgets_the_first_and_after_it_is_refused(tab: Tab) -> None:
    first, second = [(await tab.post(FACTOR, {"password": PASSWORD})).json()["secret"] for _ in range(2)]
    assert first != second
    problem(await tab.post(f"{FACTOR}/confirm", {"code": pyotp.TOTP(first).now()}), 401)
    code = {"code": pyotp.TOTP(second).now()}
    assert (await tab.post(f"{FACTOR}/confirm", code)).status_code == 200
    for path, body in ((FACTOR, {"password": PASSWORD}), (f"{FACTOR}/confirm", code)):
        assert problem(await tab.post(path, body), 409)["code"] == "identity.second_factor_there"


async def test_nothing_can_be_confirmed_that_was_not_begun(tab: Tab) -> None:
    assert problem(await tab.post(f"{FACTOR}/confirm", {"code": "123456"}), 409)["code"] == "identity.no_second_factor"


async def test_a_code_signs_in_once_also_when_it_is_sent_many_times_at_once(
    app_of: App, anonymous_client: httpx.AsyncClient, person: Person
) -> None:
    code = app_of.code()
    answers = await asyncio.gather(*(sign_in(anonymous_client, person, code=code) for _ in range(3)))
    assert sorted(each.status_code for each in answers) == [200, 401, 401]
    assert {each.json()["code"] for each in answers if each.status_code == 401} == {"identity.bad_code"}
    given = next(each.json() for each in answers if each.status_code == 200)
    stay = await refresh(anonymous_client, given["refresh_token"])
    shown = await anonymous_client.get(USER, headers={"Authorization": f"Bearer {stay.json()['access_token']}"})
    assert shown.json()["username"] == person.username


async def test_a_recovery_code_stands_in_once_however_it_is_typed(
    app_of: App, anonymous_client: httpx.AsyncClient, person: Person
) -> None:
    code = app_of.recovery_codes[3].lower().replace("-", " ")
    assert (await sign_in(anonymous_client, person, code=code)).status_code == 200
    problem(await sign_in(anonymous_client, person, code=code), 401)
    assert (await app_of.tab.client.get(FACTOR)).json()["recovery_codes_left"] == 9


async def test_wrong_codes_lock_the_door_and_a_right_password_does_not_open_it(
    app_of: App, anonymous_client: httpx.AsyncClient, person: Person
) -> None:
    for _ in range(5):
        problem(await sign_in(anonymous_client, person), 401)
        problem(await sign_in(anonymous_client, person, code="000000"), 401)
    problem(await sign_in(anonymous_client, person, code=app_of.code()), 429)


async def test_of_many_guesses_at_once_few_are_looked_at(app_of: App, database: Database, person: Person) -> None:
    entered = proving.Entered(person.username, PASSWORD)
    proved = await proving.check_password(database, entered, Caller(counted="10.9.9.9"), default="demo")

    async def guess() -> type[Exception] | None:
        try:
            await proving.check_code(database, proved, "000000", Caller(counted="10.9.9.9"), sealer=SEALER)
        except (proving.BadCode, proving.LockedOut) as refused:
            return type(refused)
        return None

    seen = await asyncio.gather(*(guess() for _ in range(15)))
    assert (seen.count(proving.BadCode), seen.count(proving.LockedOut)) == (5, 10)


async def test_new_recovery_codes_end_the_former_ones_and_removing_needs_password_and_code(
    app_of: App, person: Person, database_url: str
) -> None:
    tab = app_of.tab
    for path in (f"{FACTOR}/recovery-codes", f"{FACTOR}/remove"):
        wrong = await tab.post(path, {"password": "wrong", "code": app_of.code()})
        assert problem(wrong, 401)["code"] == "identity.wrong_password"
        assert problem(await tab.post(path, {"password": PASSWORD, "code": "000000"}), 401)["code"] == (
            "identity.bad_code"
        )
    proof = {"password": PASSWORD, "code": app_of.recovery_codes[0]}
    renewed = (await tab.post(f"{FACTOR}/recovery-codes", proof)).json()["recovery_codes"]
    assert not set(renewed) & set(app_of.recovery_codes)
    problem(await tab.post(f"{FACTOR}/remove", {"password": PASSWORD, "code": app_of.recovery_codes[1]}), 401)
    assert (await tab.post(f"{FACTOR}/remove", {"password": PASSWORD, "code": app_of.code()})).json() == {}
    assert (await sign_in(tab.client, person)).status_code == 200
    assert audited(database_url, "demo", f"user:{person.id}")[2:] == [
        "second_factor.recovery_codes_renewed",
        "second_factor.removed",
    ]


async def test_a_second_factor_sealed_with_another_key_fits_no_code_and_recovery_codes_go_on(
    app_of: App, anonymous_client: httpx.AsyncClient, database: Database, person: Person
) -> None:
    async with platform_transaction(database) as session:
        factor = await session.get_one(SecondFactor, person.id)
        factor.sealed_secret = Sealer(SECRET_KEY + "x").seal(app_of.secret.encode())
    problem(await sign_in(anonymous_client, person, code=app_of.code()), 401)
    assert (await sign_in(anonymous_client, person, code=app_of.recovery_codes[0])).status_code == 200


async def test_an_api_key_touches_no_second_factor(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient
) -> None:
    made = await client.post("/api/v1/api-keys", json={"name": "A", "permissions": ["identity.*"]})
    key = {"X-API-Key": made.json()["key"]}
    for path, body in (
        ("", {"password": PASSWORD}),
        ("/confirm", {"code": "123456"}),
        ("/remove", {"password": PASSWORD, "code": "123456"}),
    ):
        problem(await anonymous_client.post(FACTOR + path, json=body, headers=key), 403)


def require(url: str, company: str, settings: dict[str, str]) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE platform.tenants SET settings = %s WHERE slug = %s", [json.dumps(settings), company])


async def test_who_signed_in_without_a_second_factor_that_is_required_can_set_one_up_and_nothing_else(
    anonymous_client: httpx.AsyncClient, database_url: str, password_hash: str
) -> None:
    person = somebody(database_url, password_hash, "akron")
    require(database_url, "akron", {"second_factor": "required"})
    tab = await Tab(anonymous_client).open()
    await tab.sign_in(person.username)
    app = (await sign_in(anonymous_client, person)).json()
    bearer = {"Authorization": f"Bearer {app['access_token']}"}
    refused = problem(await tab.client.get(LINES), 403)
    assert refused["code"] == "identity.second_factor_required"
    assert "second factor" in refused["detail"]
    problem(await tab.client.get(LINES, headers=bearer), 403)
    assert (await tab.client.get(FACTOR)).json()["required"] is True
    secret = (await tab.post(FACTOR, {"password": PASSWORD})).json()["secret"]
    assert (await tab.post(f"{FACTOR}/confirm", {"code": pyotp.TOTP(secret).now()})).status_code == 200
    assert (await tab.client.get(LINES)).status_code == 200
    problem(await tab.client.get(LINES, headers=bearer), 403)  # another stay, begun without it
    proof = {"password": PASSWORD, "code": pyotp.TOTP(secret).at(clock.now() + STEP)}
    assert (await tab.post(f"{FACTOR}/remove", proof)).status_code == 200
    problem(await tab.client.get(LINES), 403)
    require(database_url, "akron", {})
    assert (await tab.client.get(LINES)).status_code == 200


async def test_an_app_that_confirms_its_second_factor_may_act_with_the_token_that_it_has(
    anonymous_client: httpx.AsyncClient, database_url: str, password_hash: str
) -> None:
    person = somebody(database_url, password_hash, "akron")
    require(database_url, "akron", {"second_factor": "required"})
    app = (await sign_in(anonymous_client, person)).json()
    bearer = {"Authorization": f"Bearer {app['access_token']}"}
    begun = await anonymous_client.post(FACTOR, json={"password": PASSWORD}, headers=bearer)
    code = {"code": pyotp.TOTP(begun.json()["secret"]).now()}
    assert (await anonymous_client.post(f"{FACTOR}/confirm", json=code, headers=bearer)).status_code == 200
    assert (await anonymous_client.get(LINES, headers=bearer)).status_code == 200
    require(database_url, "akron", {})


async def test_removing_for_somebody_who_has_none_changes_nothing(database: Database, person: Person) -> None:
    async with platform_transaction(database) as session:
        await second_factors.remove(session, SignedIn(person.id, "demo", ()).actor, person.id)
        assert "foodflow.audit.pending" not in session.info


async def test_signing_in_with_a_code_where_there_is_no_second_factor_is_no_error(
    anonymous_client: httpx.AsyncClient, person: Person
) -> None:
    tab = await Tab(anonymous_client).open()
    assert (await tab.sign_in(person.username, code="123456")).status_code == 200
    assert (await tab.post(LOGIN, {"username": person.username, "password": PASSWORD, "code": None})).status_code == 200
