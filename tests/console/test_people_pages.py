"""The pages about people, programs, roles and the company."""

from uuid import uuid4

import httpx
import pytest

from foodflow.kernel.db import Database
from tests.conftest import ClientOf
from tests.console.forms import ORIGIN, Visitor, led_to, visitor
from tests.console.make import BROWSER, Parsed, page
from tests.identity import make
from tests.make import Person

People = dict[tuple[str, str], Person]


@pytest.fixture
async def admin(anonymous_client: httpx.AsyncClient, database: Database, people: People) -> Visitor:
    """The browser of an administrator of `demo`."""
    return await visitor(anonymous_client, database, people["demo", "administrator"])


@pytest.fixture
def person(database_url: str, password_hash: str) -> Person:
    """Somebody new in `demo`."""
    return make.somebody(database_url, password_hash, "demo")


def text_of(answer: httpx.Response, status: int) -> str:
    """What a page says that was answered with a status."""
    assert answer.status_code == status, answer.text
    return Parsed(answer.text).text


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        ("administrator", ["Board", "Alarms", "People", "Company"]),
        ("manager", ["Board", "Alarms", "People"]),
        ("supervisor", ["Board", "Alarms", "People"]),
        ("viewer", ["Board", "Alarms"]),
    ],
)
async def test_the_menu_shows_what_one_may_open_and_nothing_else(
    client_of: ClientOf, role: str, shown: list[str]
) -> None:
    html = (await page(client_of(role))).html
    menu = html.partition('<nav class="menu"')[2].partition("</nav>")[0]
    assert [name for name in ("Board", "Alarms", "People", "Company") if f">{name}</a>" in menu] == shown


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("viewer", "/people"),
        ("supervisor", "/people/invite"),
        ("manager", "/people/programs"),
        ("manager", "/company"),
        ("manager", "/company/roles"),
    ],
)
async def test_who_may_not_is_told_so_on_a_page(client_of: ClientOf, role: str, path: str) -> None:
    answer = await client_of(role).get(path, headers=BROWSER)
    assert "your role in this company does not let you see this" in text_of(answer, 403)


async def test_no_form_is_taken_without_the_token_of_the_browser(admin: Visitor, person: Person) -> None:
    for path in (f"/people/{person.id}/remove", "/people/invite", "/people/programs", "/company", "/company/new-role"):
        answer = await admin.client.post(path, data={"name": "Forged"}, headers=BROWSER | ORIGIN)
        assert answer.status_code == 403
    assert (await admin.client.get(f"/people/{person.id}")).status_code == 200


async def test_people_of_another_company_are_neither_shown_nor_changed(
    admin: Visitor, people: People, akron_client: httpx.AsyncClient
) -> None:
    theirs = people["akron", "viewer"]
    assert theirs.username not in (await admin.page("/people")).text
    assert (await admin.send(f"/people/{theirs.id}/deactivate")).status_code == 404
    assert (await admin.send(f"/people/{theirs.id}/roles", roles="administrator")).status_code == 404
    assert "deactivated" not in (await page(akron_client, f"/people/{theirs.id}")).text.partition("Sign out")[2][:60]


async def test_the_list_is_searched_and_narrowed_down(admin: Visitor, person: Person) -> None:
    found = await admin.page(f"/people?search={person.username}")
    assert len(found.all("td", data_label="Roles")) == 1
    assert (await admin.page("/people?role=quality")).text.count("quality.demo") == 1
    assert "Nobody fits." in (await admin.page(f"/people?active=false&search={person.username}")).text
    assert (await admin.client.get("/people?active=maybe", headers=BROWSER)).status_code == 422


async def test_who_only_sees_their_team_is_shown_no_others(client_of: ClientOf, person: Person) -> None:
    supervisor = client_of("supervisor")
    assert person.username not in (await page(supervisor, "/people")).text
    assert (await supervisor.get(f"/people/{person.id}", headers=BROWSER)).status_code == 404


async def test_somebody_is_invited_reminded_and_taken_off_the_list(admin: Visitor, database_url: str) -> None:
    email = f"{uuid4().hex}@example.com"
    form: dict[str, str | list[str]] = {"email": email, "roles": ["", "operator"], "sites": "Dublin, Cork", "teams": ""}
    nothing = await admin.send("/people/invite", **form | {"email": "nowhere", "roles": ""})
    assert "This is no e-mail address." in text_of(nothing, 422)
    assert "Choose at least one." in text_of(nothing, 422)
    shown = Parsed(nothing.text)
    assert shown.all("input", name="email", aria_invalid="true", value="nowhere")
    assert shown.all("fieldset", aria_describedby="invite-roles-error")
    assert shown.all("input", name="sites", value="Dublin, Cork")
    led_to(await admin.send("/people/invite", **form), "/people?done=invited")
    assert email in (await admin.page("/people?done=invited")).text
    twice = Parsed((await admin.send("/people/invite", **form)).text)
    assert twice.all("input", name="email", aria_invalid="true")
    again = next(
        action
        for each in (await admin.page("/people")).all("form")
        if (action := each["action"] or "").endswith("/send-again")
    )
    led_to(await admin.send(again), "/people?done=invited-again")
    first, second = make.mails(database_url, email)
    assert make.link_in(first) != make.link_in(second)
    led_to(await admin.send(again.replace("send-again", "withdraw")), "/people?done=withdrawn")
    assert email not in (await admin.page("/people")).text


async def test_roles_sites_and_teams_are_changed(admin: Visitor, person: Person) -> None:
    path = f"/people/{person.id}"
    led_to(await admin.send(f"{path}/roles", roles=["", "operator", "planner"]), f"{path}?done=roles")
    led_to(await admin.send(f"{path}/scope", sites=" Dublin ,Cork,", teams="night"), f"{path}?done=scope")
    shown = await admin.page(f"{path}?done=scope")
    assert "operator, planner Sites Cork, Dublin Teams night" in shown.text
    led_to(await admin.send(f"{path}/scope", all_sites="1", sites="Dublin", teams=""), f"{path}?done=scope")
    assert "Sites all Teams none" in (await admin.page(path)).text
    assert "roles" in text_of(await admin.send(f"{path}/roles", roles="nonsense"), 422)


async def test_a_name_and_an_address_are_changed_for_somebody(
    admin: Visitor, person: Person, database_url: str
) -> None:
    path, email = f"/people/{person.id}", f"{uuid4().hex}@example.com"
    form = {"first_name": "Nell", "last_name": "Ward", "email": email}
    wrong = Parsed((await admin.send(f"{path}/about", **form | {"email": "nowhere"})).text)
    assert wrong.all("input", name="email", aria_invalid="true", value="nowhere")
    led_to(await admin.send(f"{path}/about", **form), f"{path}?done=about")
    shown = await admin.page(path)
    assert "Nell Ward" in shown.text
    assert email not in shown.text
    assert len(make.mails(database_url, email)) == 1
    assert (await admin.client.get(f"/api/v1/users/{person.id}/export")).json()


async def test_somebody_who_asks_for_it_is_erased(admin: Visitor, person: Person) -> None:
    led_to(await admin.send(f"/people/{person.id}/erase"), "/people?done=erased")
    assert person.username not in (await admin.page("/people?done=erased")).text


async def test_somebody_is_locked_out_let_in_again_and_removed(
    admin: Visitor, client_of: ClientOf, database: Database, person: Person
) -> None:
    path, theirs = f"/people/{person.id}", await visitor(client_of(None), database, person)
    led_to(await admin.send(f"{path}/deactivate"), f"{path}?done=deactivate")
    assert (await theirs.client.get("/account")).status_code == 303
    led_to(await admin.send(f"{path}/activate"), f"{path}?done=activate")
    assert (await theirs.client.get("/account")).status_code == 200
    led_to(await admin.send(f"{path}/end-sessions"), f"{path}?done=end-sessions")
    assert (await theirs.client.get("/account")).status_code == 303
    led_to(await admin.send(f"{path}/remove"), "/people?done=removed")
    assert (await admin.client.get(path, headers=BROWSER)).status_code == 404


async def test_a_refusal_is_told_on_the_page_of_the_deed_that_was_refused(
    admin: Visitor, people: People, person: Person
) -> None:
    mails = await admin.send(f"/people/{person.id}/send-password-reset")
    assert "No e-mail address is known" in text_of(mails, 409)
    assert len([each for each in Parsed(mails.text).all("details", class_="confirm") if "open" in each]) == 1
    me = people["demo", "administrator"].id
    assert (
        "nobody changes what they may themselves" in text_of(await admin.send(f"/people/{me}/deactivate"), 422).lower()
    )


async def test_the_last_administrator_stays(client_of: ClientOf, database: Database, people: People) -> None:
    me = await visitor(client_of(None), database, people["akron", "administrator"])
    answer = await me.send(f"/people/{people['akron', 'administrator'].id}/remove")
    assert "keeps at least one administrator" in text_of(answer, 409)


async def test_who_holds_more_is_shown_without_anything_to_change(client_of: ClientOf, people: People) -> None:
    shown = await page(client_of("manager"), f"/people/{people['demo', 'administrator'].id}")
    assert "holds more than you do" in shown.text
    assert not [form for form in shown.all("form") if (form["action"] or "").startswith("/people")]


async def test_a_manager_is_offered_the_roles_that_hold_no_more_than_their_own(client_of: ClientOf) -> None:
    shown = await page(client_of("manager"), "/people/invite")
    offered = {box["value"] for box in shown.all("input", type="checkbox", name="roles")}
    assert {"manager", "viewer"} <= offered
    assert "administrator" not in offered


async def test_a_program_gets_an_account_and_a_key_and_loses_both(admin: Visitor, client_of: ClientOf) -> None:
    name = f"Gateway {uuid4().hex[:6]}"
    assert (
        "say what the program is called"
        in text_of(await admin.send("/people/programs", name="", roles="integration"), 422).lower()
    )
    led_to(
        await admin.send("/people/programs", name=name, roles=["", "integration"], all_sites="1"),
        "/people/programs?done=created",
    )
    listed = (await admin.page("/people/programs")).html
    path = "/people/programs/" + listed.partition(f"<b>{name}")[0].rpartition("/people/programs/")[2].partition('"')[0]
    more = await admin.send(f"{path}/keys", name="main", permissions="plant.configure", days="30")
    assert "more than you hold" in text_of(more, 422)
    made = await admin.send(f"{path}/keys", name="main", permissions="plant.record", days="30")
    key = made.text.partition('<code id="secret">')[2].partition("</code>")[0]
    gateway = client_of(None)
    gateway.headers["X-API-Key"] = key
    assert (await gateway.get("/api/v1/auth/user")).status_code == 200
    led_to(await admin.send(f"{path}/deactivate"), f"{path}?done=deactivate")
    assert (await gateway.get("/api/v1/auth/user")).status_code == 401
    led_to(await admin.send(f"{path}/activate"), f"{path}?done=activate")
    led_to(await admin.send(path, name=f"{name} B", roles="viewer", all_sites="1"), f"{path}?done=changed")
    shown = await admin.page(path)
    assert f"{name} B" in shown.text
    revoke = next(form["action"] or "" for form in shown.all("form") if (form["action"] or "").endswith("/revoke"))
    led_to(await admin.send(revoke), f"{path}?done=key")
    led_to(await admin.send(f"{path}/remove"), "/people/programs?done=removed")
    assert (await admin.client.get(path, headers=BROWSER)).status_code == 404


async def test_a_company_makes_changes_and_removes_a_role(admin: Visitor, person: Person) -> None:
    name = f"lead-{uuid4().hex[:8]}"
    form: dict[str, str | list[str]] = {"name": name, "description": "Leads", "permissions": ["", "plant.read"]}
    wrong = Parsed((await admin.send("/company/new-role", **form | {"name": "Not A Name"})).text)
    assert wrong.all("input", name="name", aria_invalid="true", value="Not A Name")
    assert wrong.all("input", value="plant.read", checked="") or "checked" in wrong.html
    led_to(await admin.send("/company/new-role", **form), "/company/roles?done=role")
    taken = Parsed((await admin.send("/company/new-role", **form)).text)
    assert taken.all("input", name="name", aria_invalid="true")
    path = f"/company/roles/{name}"
    version = (await admin.page(path)).all("input", name="version")[0]["value"] or ""
    change: dict[str, str | list[str]] = {
        "description": "Leads a line",
        "permissions": ["plant.read", "plant.record"],
        "version": version,
    }
    led_to(await admin.send(path, **change), "/company/roles?done=role-changed")
    assert "changed in the meantime" in text_of(await admin.send(path, **change), 412)
    led_to(await admin.send(f"/people/{person.id}/roles", roles=name), f"/people/{person.id}?done=roles")
    assert "somebody holds the role" in text_of(await admin.send(f"{path}/remove"), 409).lower()
    led_to(await admin.send(f"/people/{person.id}/roles", roles="viewer"), f"/people/{person.id}?done=roles")
    led_to(await admin.send(f"{path}/remove"), "/company/roles?done=role-removed")
    assert name not in (await admin.page("/company/roles")).text
    assert not (await admin.page("/company/roles/viewer")).all("input", name="permissions")


async def test_a_company_settles_what_it_is_called_and_how_it_counts(admin: Visitor) -> None:
    shown = await admin.page("/company")
    before = {field: shown.all("input", name=field)[0]["value"] or "" for field in ("name", "version", "locale")}
    form = before | {"time_zone": "Europe/Dublin", "currency": "USD", "second_factor": "optional"}
    wrong = await admin.send("/company", **form | {"time_zone": "Nowhere/Town", "currency": "dollars"})
    assert {field["name"] for field in Parsed(wrong.text).all("input", aria_invalid="true")} == {
        "time_zone",
        "currency",
    }
    required = Parsed((await admin.send("/company", **form | {"second_factor": "required"})).text)
    assert required.all("select", name="second_factor", aria_invalid="true")
    led_to(await admin.send("/company", **form), "/company?done=company")
    assert (await admin.page("/company")).all("input", name="time_zone", value="Europe/Dublin")
    assert "changed in the meantime" in text_of(await admin.send("/company", **form), 412)
    assert (await admin.page("/company")).all("a", href="/api/v1/company/export")


async def test_a_provider_that_does_not_answer_is_not_set_up(admin: Visitor) -> None:
    form = {"name": "Works", "issuer": "http://127.0.0.1:9", "client_id": "foodflow", "client_secret": "hidden secret"}
    answer = await admin.send("/company/providers", **form)
    assert Parsed(answer.text).all("input", name="issuer", aria_invalid="true")
    assert "hidden secret" not in answer.text
    assert Parsed((await admin.send("/company/providers", **form | {"issuer": "ftp://login.example"})).text).all(
        "input", name="issuer", aria_invalid="true"
    )


HOSTILE = """"><script>alert("1")</script>"""


async def test_names_are_text_wherever_they_stand(admin: Visitor, person: Person, database_url: str) -> None:
    make.set_user(database_url, person.id, first_name=HOSTILE, email=HOSTILE)
    make.set_place(database_url, person, teams=[HOSTILE], sites=[HOSTILE])
    for path in (f"/people?search={person.username}", f"/people/{person.id}"):
        shown = await admin.page(path)
        assert HOSTILE in shown.text or HOSTILE in " ".join(str(each) for _, each in shown.elements)
        assert HOSTILE not in shown.html
        assert not [each for each in shown.all("script") if not (each.get("src") or "").startswith("/static/")]
        assert not [tag for tag, each in shown.elements if "style" in each]


async def test_no_page_has_a_script_or_a_style_in_it(admin: Visitor, person: Person) -> None:
    paths = ("/account", "/people", f"/people/{person.id}", "/people/invite", "/people/programs", "/company")
    for path in (*paths, "/company/roles", "/company/new-role", "/invitation", "/password/reset"):
        shown = await admin.page(path)
        assert not [tag for tag, each in shown.elements if "style" in each or tag == "style"], path
        assert not [name for _, each in shown.elements for name in each if name.startswith("on")], path
        assert all((each.get("src") or "").startswith("/static/") for each in shown.all("script")), path
        for form in shown.all("form", method="post"):
            assert (form["action"] or "").startswith("/"), path
        assert shown.html.count('method="post"') == len(shown.all("input", name="csrf_token")), path
