"""The page about oneself, and the pages that a mail leads to."""

from uuid import uuid4

import httpx
import psycopg
import pyotp
import pytest

from foodflow.identity.public.signing_in import SESSION_COOKIE
from foodflow.kernel.db import Database
from tests.conftest import ClientOf
from tests.console.forms import ORIGIN, Visitor, led_to, visitor
from tests.console.make import BROWSER, Parsed
from tests.identity import make
from tests.make import PASSWORD, Person

ANOTHER = "eleven purple lanterns over Cork"
MAIL = "/password/forgotten"


@pytest.fixture
def person(database_url: str, password_hash: str) -> Person:
    """Somebody new in `demo`."""
    return make.somebody(database_url, password_hash, "demo")


@pytest.fixture
async def me(anonymous_client: httpx.AsyncClient, database: Database, person: Person) -> Visitor:
    """Their browser."""
    return await visitor(anonymous_client, database, person)


def problems(answer: httpx.Response, status: int = 422) -> Parsed:
    """The page that shows what is wrong with a form."""
    assert answer.status_code == status, answer.text
    return Parsed(answer.text)


def invalid(page: Parsed) -> list[str | None]:
    """The fields that a page marks as wrong."""
    return [field["name"] for field in page.all("input", aria_invalid="true")]


async def test_a_form_without_the_token_of_the_browser_changes_nothing(me: Visitor) -> None:
    form = {"first_name": "Forged", "last_name": ""}
    for token in ({}, {"csrf_token": "0" * 64}, {"csrf_token": "…"}):
        answer = await me.client.post("/account/names", data=form | token, headers=BROWSER | ORIGIN)
        assert answer.status_code == 403
    assert "Forged" not in (await me.page("/account")).text


async def test_the_token_of_another_browser_is_no_token(me: Visitor, client_of: ClientOf) -> None:
    form = {"first_name": "Forged", "csrf_token": await Visitor(client_of(None)).token()}
    await me.token()
    answer = await me.client.post("/account/names", data=form, headers=BROWSER | ORIGIN)
    assert answer.status_code == 403


async def test_a_form_that_a_page_of_another_site_sends_is_refused_even_with_the_token(me: Visitor) -> None:
    form = {"first_name": "Forged", "csrf_token": await me.token()}
    answer = await me.client.post("/account/names", data=form, headers=BROWSER | {"Origin": "http://evil.test"})
    assert answer.status_code == 403


async def test_a_name_is_changed_and_stands_in_the_head_of_every_page(me: Visitor) -> None:
    led_to(await me.send("/account/names", first_name="Aoife", last_name="<b>O'Brien"), "/account?done=names")
    page = await me.page("/account?done=names")
    assert "Your name is changed." in page.text
    assert "Aoife <b>O'Brien" in page.text
    assert "Aoife" in (await me.page("/")).text


async def test_what_is_too_long_comes_back_with_its_complaint(me: Visitor) -> None:
    page = problems(await me.send("/account/names", first_name="a" * 151, last_name="Kept"))
    assert invalid(page) == ["first_name"]
    assert "At most 150 characters." in page.text
    assert page.all("input", name="last_name", value="Kept")


async def test_an_unknown_word_in_the_address_is_said_to_nobody(me: Visitor) -> None:
    assert "hostile" not in (await me.page("/account?done=hostile")).html


async def test_another_address_takes_the_password_and_counts_once_it_is_confirmed(
    me: Visitor, database_url: str
) -> None:
    email = f"{uuid4().hex}@example.com"
    wrong = problems(await me.send("/account/email", email=email, current_password="wrong password"))
    assert invalid(wrong) == ["current_password"]
    assert wrong.all("input", name="email", value=email)
    assert "wrong password" not in wrong.html
    assert invalid(problems(await me.send("/account/email", email="nowhere", current_password=PASSWORD))) == ["email"]
    led_to(await me.send("/account/email", email=email, current_password=PASSWORD), "/account?done=email")
    assert email not in (await me.page("/account")).text
    (letter,) = make.mails(database_url, email)
    answer = await me.send("/email/confirm", token=make.link_in(letter))
    assert "counts from now on" in Parsed(answer.text).text
    assert email in (await me.page("/account")).text
    assert invalid(problems(await me.send("/email/confirm", token=make.link_in(letter)), 409)) == ["token"]


async def test_a_password_is_changed_by_who_knows_it_and_ends_all_other_stays(
    me: Visitor, client_of: ClientOf, database: Database, person: Person
) -> None:
    other = await visitor(client_of(None), database, person)
    form = {"current_password": PASSWORD, "new_password": ANOTHER}
    assert invalid(problems(await me.send("/account/password", **dict.fromkeys(form, "")))) == [
        "current_password",
        "new_password",
    ]
    wrong = problems(await me.send("/account/password", **form | {"current_password": "wrong password"}))
    assert invalid(wrong) == ["current_password"]
    assert ANOTHER not in wrong.html
    assert invalid(problems(await me.send("/account/password", **form | {"new_password": "short"}))) == ["new_password"]
    led_to(await me.send("/account/password", **form), "/account?done=password")
    assert (await me.client.get("/account")).status_code == 200
    assert (await other.client.get("/account", headers=BROWSER)).headers["location"] == "/login"
    assert (await make.sign_in(me.client, person.username, ANOTHER)).status_code == 200


async def test_a_second_factor_is_set_up_confirmed_and_removed(me: Visitor) -> None:
    assert invalid(problems(await me.send("/account/second-factor", current_password="x"))) == ["current_password"]
    page = Parsed((await me.send("/account/second-factor", current_password=PASSWORD)).text)
    assert page.all("svg")
    begun = {name: page.all("input", name=name)[0]["value"] or "" for name in ("secret", "uri")}
    again = problems(await me.send("/account/second-factor/confirm", **begun, code="000000"))
    assert invalid(again) == ["code"]
    assert again.all("svg"), "the picture is still there to be read"
    forged = {"secret": "", "uri": "ü" * 1000, "code": "000000"}
    assert not problems(await me.send("/account/second-factor/confirm", **forged)).all("svg")
    code = pyotp.TOTP(begun["secret"]).now()
    codes = Parsed((await me.send("/account/second-factor/confirm", **begun, code=code)).text)
    assert len(codes.all("li")) == 10
    assert "10 recovery codes left" in (await me.page("/account")).text
    form = {"current_password": PASSWORD, "code": code}
    assert invalid(problems(await me.send("/account/second-factor/remove", **form))) == ["code"], "it was used"
    recovery = codes.html.partition("<li><code>")[2].partition("</code>")[0]
    renewed = await me.send("/account/second-factor/recovery-codes", **form | {"code": recovery})
    recovery = renewed.text.partition("<li><code>")[2].partition("</code>")[0]
    answer = await me.send("/account/second-factor/remove", **form | {"code": recovery})
    led_to(answer, "/account?done=second-factor")
    assert "signing in takes a code" in (await me.page("/account")).text


async def test_whoever_must_have_a_second_factor_is_led_to_where_it_is_set_up(me: Visitor, database_url: str) -> None:
    required = "UPDATE platform.tenants SET settings = %s WHERE slug = 'demo'"
    with psycopg.connect(database_url) as connection:
        connection.execute(required, ['{"second_factor": "required"}'])
    try:
        refused = problems(await me.client.get("/", headers=BROWSER), 403)
        assert refused.all("a", href="/account")
        assert "asks everybody for a second factor" in (await me.page("/account")).text
    finally:
        with psycopg.connect(database_url) as connection:
            connection.execute(required, ["{}"])


async def test_stays_are_listed_and_ended_one_by_one_or_all_others(
    me: Visitor, client_of: ClientOf, database: Database, person: Person
) -> None:
    others = [await visitor(client_of(None), database, person) for _ in range(3)]
    page = await me.page("/account")
    assert page.text.count("this one") == 1
    ends = [form["action"] or "" for form in page.all("form") if (form["action"] or "").endswith("/end")]
    assert len(ends) == 3
    led_to(await me.send(ends[0]), "/account?done=stay")
    open_still = [each for each in others if (await each.client.get("/account")).status_code == 200]
    assert len(open_still) == 2
    led_to(await me.send("/account/stays/end-others"), "/account?done=stays")
    assert {(await each.client.get("/account")).status_code for each in others} == {303}
    assert (await me.client.get("/account")).status_code == 200


async def test_nobody_ends_the_stay_of_somebody_else(
    me: Visitor, client_of: ClientOf, database: Database, people: dict[tuple[str, str], Person]
) -> None:
    other = await visitor(client_of(None), database, people["akron", "viewer"])
    second = await visitor(client_of(None), database, people["akron", "viewer"])
    ends = [form["action"] or "" for form in (await other.page("/account")).all("form")]
    theirs = next(action for action in ends if action.endswith("/end"))
    assert (await me.send(theirs)).status_code == 404
    assert (await second.client.get("/account")).status_code == 200


async def test_a_key_is_shown_once_calls_and_is_revoked(me: Visitor, anonymous_client: httpx.AsyncClient) -> None:
    nothing = problems(await me.send("/account/keys", name="script", permissions="", days="30"))
    assert "permissions" not in invalid(nothing)
    assert nothing.all("fieldset", aria_describedby="keys-permissions-error")
    made = await me.send("/account/keys", name="script", permissions=["", "plant.read"], days="30")
    key = made.text.partition('<code id="secret">')[2].partition("</code>")[0]
    anonymous_client.headers["X-API-Key"] = key
    session = anonymous_client.cookies.pop(SESSION_COOKIE)
    assert (await anonymous_client.get("/api/v1/plant-ops/lines")).status_code == 200
    del anonymous_client.headers["X-API-Key"]
    anonymous_client.cookies.set(SESSION_COOKIE, session)
    page = await me.page("/account")
    assert key not in page.html
    revoke = next(form["action"] or "" for form in page.all("form") if (form["action"] or "").endswith("/revoke"))
    led_to(await me.send(revoke), "/account?done=key")
    assert "There are no keys." in (await me.page("/account")).text


async def test_nobody_makes_a_key_that_may_more_than_they(me: Visitor) -> None:
    page = problems(await me.send("/account/keys", name="more", permissions="identity.manage_people", days="30"))
    assert "more than you hold yourself" in page.text


async def test_a_browser_goes_over_to_another_company_of_its_person(
    client_of: ClientOf, database: Database, database_url: str, password_hash: str
) -> None:
    both = make.somebody(database_url, password_hash, "demo", "akron")
    me = await visitor(client_of(None), database, both)
    before = me.client.cookies[SESSION_COOKIE]
    assert (await me.send("/account/company", company="nowhere")).status_code == 422
    led_to(await me.send("/account/company", company="akron"), "/account?done=company")
    assert "viewer at Akron" in (await me.page("/account")).text
    left = await client_of(None).get("/account", headers={"Cookie": f"{SESSION_COOKIE}={before}"})
    assert left.headers["location"] == "/login", "the stay in the other company has ended"


async def test_going_over_to_and_fro_makes_no_stay_longer(
    client_of: ClientOf, database: Database, database_url: str, password_hash: str
) -> None:
    both = make.somebody(database_url, password_hash, "demo", "akron")
    me = await visitor(client_of(None), database, both)
    sooner = "UPDATE platform.tokens SET expires_at = now() + interval '1 hour' WHERE user_id = %s"
    latest = "SELECT max(expires_at) < now() + interval '61 minutes' FROM platform.tokens WHERE user_id = %s"
    with psycopg.connect(database_url) as connection:
        connection.execute(sooner, [both.id])
    led_to(await me.send("/account/company", company="akron"), "/account?done=company")
    with psycopg.connect(database_url) as connection:
        assert connection.execute(latest, [both.id]).fetchone() == (True,)


async def invited(client: httpx.AsyncClient, url: str, email: str) -> str:
    """The link of an invitation to `demo`."""
    body = {"email": email, "roles": ["viewer"]}
    assert (await client.post("/api/v1/invitations", json=body)).status_code == 201
    return make.link_in(make.mails(url, email)[-1])


async def test_an_invitation_gives_an_account_that_signs_in(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str
) -> None:
    guest, email = Visitor(anonymous_client), f"{uuid4().hex}@example.com"
    link = await invited(client, database_url, email)
    seen = Parsed((await guest.send("/invitation", token=f"http://foodflow.test/invitation#{link}")).text)
    assert f"Demo invites {email}" in seen.text
    form = {
        "token": link,
        "username": f"u{uuid4().hex[:12]}",
        "password": ANOTHER,
        "first_name": "Nell",
        "last_name": "",
    }
    wrong = problems(await guest.send("/invitation/accept", **form | {"username": "No Good", "password": "short"}))
    assert invalid(wrong) == ["username"]
    assert wrong.all("input", name="first_name", value="Nell")
    assert "short" not in [field.get("value") for field in wrong.all("input")]
    taken = problems(await guest.send("/invitation/accept", **form | {"username": "viewer.demo"}), 409)
    assert invalid(taken) == ["username"]
    led_to(await guest.send("/invitation/accept", **form), "/login?done=invitation")
    assert "Welcome." in (await guest.page("/login?done=invitation")).text
    assert (await make.sign_in(anonymous_client, form["username"], ANOTHER)).status_code == 200
    assert invalid(problems(await guest.send("/invitation", token=link), 409)) == ["token"]


async def test_whoever_has_an_account_joins_with_a_press_of_a_button(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str, password_hash: str
) -> None:
    known = make.somebody(database_url, password_hash, "akron")
    email = f"{uuid4().hex}@example.com"
    make.set_user(database_url, known.id, email=email)
    guest, link = Visitor(anonymous_client), await invited(client, database_url, email)
    seen = Parsed((await guest.send("/invitation", token=link)).text)
    assert not seen.all("input", type="password")
    led_to(await guest.send("/invitation/accept", token=link), "/login?done=invitation")
    headers = {"X-Tenant": "demo"}
    assert (await make.sign_in(anonymous_client, known.username, **headers)).status_code == 200


@pytest.mark.parametrize("path", ["/invitation", "/invitation/accept", "/password/reset", "/email/confirm"])
async def test_a_link_that_leads_nowhere_says_so_beside_its_field(
    anonymous_client: httpx.AsyncClient, path: str
) -> None:
    guest = Visitor(anonymous_client)
    assert "token" in invalid(problems(await guest.send(path, token="", new_password=ANOTHER)))
    page = problems(await guest.send(path, token="made-up", new_password=ANOTHER), 409)
    assert invalid(page) == ["token"]
    assert "Ask for a new one" in page.text or "ask for a new one" in page.text


async def test_a_forgotten_password_is_answered_alike_whether_the_address_is_known_or_not(
    anonymous_client: httpx.AsyncClient, database_url: str, person: Person
) -> None:
    make.set_user(database_url, person.id, email="known@example.com")
    guest = Visitor(anonymous_client)
    pages = [Parsed((await guest.send(MAIL, email=f"{name}@example.com")).text) for name in ("known", "stranger")]
    assert pages[0].text.replace("known@", "stranger@") == pages[1].text
    assert "a mail is on its way" in pages[0].text
    assert invalid(problems(await guest.send(MAIL, email="nowhere"))) == ["email"]


async def test_a_link_of_a_mail_sets_a_new_password(
    client: httpx.AsyncClient, anonymous_client: httpx.AsyncClient, database_url: str, person: Person
) -> None:
    email = f"{uuid4().hex}@example.com"
    make.set_user(database_url, person.id, email=email)
    assert (await client.post(f"/api/v1/users/{person.id}/send-password-reset")).status_code == 202
    link = make.link_in(make.mails(database_url, email)[-1])
    guest = Visitor(anonymous_client)
    short = problems(await guest.send("/password/reset", token=link, new_password="short"))
    assert invalid(short) == ["new_password"]
    led_to(await guest.send("/password/reset", token=link, new_password=ANOTHER), "/login?done=password")
    assert (await make.sign_in(anonymous_client, person.username, ANOTHER)).status_code == 200


@pytest.mark.parametrize("path", ["/invitation", "/invitation/accept", MAIL, "/password/reset", "/email/confirm"])
async def test_a_page_that_a_mail_leads_to_takes_no_form_of_another_site(
    anonymous_client: httpx.AsyncClient, path: str
) -> None:
    answer = await anonymous_client.post(path, data={"token": "x"}, headers=BROWSER | ORIGIN)
    assert answer.status_code == 403


async def test_the_form_to_sign_in_with_offers_the_providers_of_the_company_that_is_meant(
    anonymous_client: httpx.AsyncClient, database_url: str
) -> None:
    insert = (
        "INSERT INTO platform.identity_providers (id, tenant, name, issuer, client_id, is_active, created_at)"
        " VALUES (%s, 'akron', 'Akron Works', 'https://login.example', 'foodflow', true, now())"
    )
    with psycopg.connect(database_url) as connection:
        connection.execute(insert, [id := uuid4()])
    guest = Visitor(anonymous_client)
    page = await guest.page("/login?company=akron")
    assert page.all("a", href=f"/api/v1/auth/oidc/{id}/start")
    assert page.all("input", name="company", value="akron")
    assert "Akron Works" not in (await guest.page("/login")).text
