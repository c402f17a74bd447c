"""Access tokens: good for half an hour, for one company, and only as long as the directory knows the person."""

import base64
import json
from datetime import timedelta

import httpx
import jwt
import psycopg
import pytest

from tests.identity.make import claims, sign_in, signed, somebody, user
from tests.kernel.http.make import problem
from tests.make import SECRET_KEY, Person

HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def person(database_url: str, password_hash: str) -> Person:
    return somebody(database_url, password_hash, "demo")


async def test_signing_in_gives_a_pair_of_tokens_and_how_long_the_first_is_good(
    anonymous_client: httpx.AsyncClient, person: Person
) -> None:
    answer = await sign_in(anonymous_client, person.username)
    given = answer.json()
    assert set(given) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (given["token_type"], given["expires_in"]) == ("Bearer", HALF_AN_HOUR.total_seconds())
    assert answer.headers["cache-control"] == "no-store"
    said = jwt.decode(given["access_token"], SECRET_KEY, ["HS256"], audience="foodflow")
    assert said["exp"] - said["iat"] == HALF_AN_HOUR.total_seconds()
    assert (await user(anonymous_client, given["access_token"])).json()["username"] == person.username


async def test_a_person_sees_who_they_are_and_what_they_may(
    anonymous_client: httpx.AsyncClient, database_url: str, password_hash: str
) -> None:
    operator = somebody(database_url, password_hash, "akron", role="operator")
    token = (await sign_in(anonymous_client, operator.username)).json()["access_token"]
    for path in ("/api/v1/auth/user", "/api/auth/user/"):
        shown = (await anonymous_client.get(path, headers={"Authorization": f"Bearer {token}"})).json()
        assert shown["company"] == {"slug": "akron", "name": "Akron"}
        assert (shown["roles"], shown["is_staff"], shown["is_active"]) == (["operator"], False, True)
        assert "plant.record" in shown["permissions"]
        assert "plant.configure" not in shown["permissions"]
        assert shown["last_login"].endswith("Z")


async def test_a_token_is_good_until_its_half_hour_is_over(anonymous_client: httpx.AsyncClient, person: Person) -> None:
    for age, status in ((HALF_AN_HOUR - timedelta(minutes=1), 200), (HALF_AN_HOUR + timedelta(seconds=1), 401)):
        assert (await user(anonymous_client, signed(claims(person, age=age)))).status_code == status


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "another"},
        {"iss": "another"},
        {"sub": "nobody"},
        {"sub": ""},
        {"sub": "-1"},
        {"sub": "999999999"},
        {"tenant": "akron"},
        {"tenant": "nowhere"},
        {"tenant": None},
        {"tenant": "demo' OR true --"},
        {"exp": "never"},
        {"exp": None},
        {"iat": 2**40},
    ],
)
async def test_a_token_that_says_anything_else_is_refused(
    anonymous_client: httpx.AsyncClient, person: Person, change: dict[str, object]
) -> None:
    said = {name: value for name, value in (claims(person) | change).items() if value is not None}
    refused = await user(anonymous_client, signed(said))
    assert problem(refused, 401)["code"] == "identity.bad_token"
    assert refused.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("missing", ["sub", "tenant", "aud", "iss", "iat", "exp"])
async def test_a_token_that_leaves_anything_out_is_refused(
    anonymous_client: httpx.AsyncClient, person: Person, missing: str
) -> None:
    said = claims(person)
    del said[missing]
    assert (await user(anonymous_client, signed(said))).status_code == 401


async def test_a_token_of_another_key_or_algorithm_or_of_none_is_refused(
    anonymous_client: httpx.AsyncClient, person: Person
) -> None:
    said = claims(person)
    good = signed(said)
    header, body, signature = good.split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    forged = [
        signed(said, SECRET_KEY + "x"),
        signed(said, SECRET_KEY.ljust(64, "x"), "HS512"),
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        f"{header}.{body}.",
        f"{header}.{body}.{signature[:-4]}AAAA",
        f"{header}.{body}",
        good.upper(),
        "",
        "a.b.c",
        "." * 50_000,
    ]
    assert (await user(anonymous_client, good)).status_code == 200
    for token in forged:
        assert (await user(anonymous_client, token)).status_code == 401


@pytest.mark.parametrize("scheme", ["Basic", "Token", "bear", "Bearer Bearer"])
async def test_only_bearers_are_let_in(anonymous_client: httpx.AsyncClient, person: Person, scheme: str) -> None:
    assert (await user(anonymous_client, signed(claims(person)), scheme)).status_code == 401


async def test_the_scheme_is_read_in_any_case(anonymous_client: httpx.AsyncClient, person: Person) -> None:
    assert (await user(anonymous_client, signed(claims(person)), "bEARER")).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE platform.users SET is_active = false WHERE id = %s",
        "DELETE FROM platform.memberships WHERE user_id = %s",
    ],
)
async def test_whoever_is_let_go_is_refused_at_the_next_request(
    anonymous_client: httpx.AsyncClient, database_url: str, person: Person, change: str
) -> None:
    token = signed(claims(person))
    assert (await user(anonymous_client, token)).status_code == 200
    with psycopg.connect(database_url) as connection:
        connection.execute(change.encode(), [person.id])
    assert (await user(anonymous_client, token)).status_code == 401
    assert (await sign_in(anonymous_client, person.username)).status_code == 401


async def test_a_changed_role_holds_from_the_next_request(
    anonymous_client: httpx.AsyncClient, database_url: str, person: Person
) -> None:
    token = signed(claims(person))
    line = {"line_number": "L-1", "name": "Filling"}
    headers = {"Authorization": f"Bearer {token}"}
    problem(await anonymous_client.post("/api/v1/plant-ops/lines", json=line, headers=headers), 403)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE platform.memberships SET roles = '{manager,nonsense}' WHERE user_id = %s", [person.id]
        )
    assert (await anonymous_client.post("/api/v1/plant-ops/lines", json=line, headers=headers)).status_code == 201
