"""The interface keeps to its own document: what it allows is taken, what it forbids refused, and answered as written.

For each operation Schemathesis makes calls, some as the document allows and some as it forbids. They are sent to the
application as different callers, to things that there are and to others, and each answer is held against the document.
"""

import re
from contextlib import suppress
from typing import Any, Final
from urllib.parse import unquote

import httpx
import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.datastructures import Headers

from foodflow.kernel.db import Database
from tests.attacks.bodies import operations
from tests.attacks.callers import EVERYTHING, RUNS_THE_INSTALLATION, Csrf, World, token
from tests.attacks.make import Answer, ask
from tests.make import Person
from tests.registry import MAKERS
from tests.test_routes_are_closed import APP

HOST: Final = "http://foodflow.test"
ALLOWED, FORBIDDEN = 6, 4
"""How many calls of either kind each operation gets."""
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

TAKEN: Final = {"method", "url", "headers", "params", "json", "data", "cookies", "files"}
schemathesis.serializer.alias("application/zip", "application/octet-stream")
_GENERATION = GenerationConfig(deterministic=True, allow_x00=False, with_security_parameters=False)
SCHEMA: Final = schemathesis.openapi.from_dict(
    APP.openapi(), config=SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=_GENERATION)))
)
SMALLEST: Final = {f"{each.method} {each.path}": each.body for each in operations(APP.openapi())}
_FOUND: list[Any] = [*SCHEMA.get_all_operations()]
OPERATIONS: Final[dict[str, Any]] = {found.ok().label: found.ok() for found in _FOUND}


def knocking_at(world: World, csrf: Csrf) -> list[dict[str, str]]:
    """Who calls an operation: made for it alone, so that what one operation ends is good for the next."""
    world.somebody("viewer")  # whom what is done to people is done to
    administrator = world.somebody("administrator")
    ruler = world.somebody("administrator", change=RUNS_THE_INSTALLATION)
    return [csrf.beside(each) for each in (token(ruler), token(administrator), world.key(administrator, EVERYTHING))]


@pytest.fixture(scope="module")
def world(app: FastAPI, database: Database, people: dict[tuple[str, str], Person], password_hash: str) -> World:
    return World.of(app, database, people, password_hash)


@pytest.fixture(scope="module")
async def csrf(world: World) -> Csrf:
    return await Csrf.fetched(world.app)


def cases(label: str, mode: GenerationMode, count: int) -> list[Case[Any]]:
    """Calls of an operation, the same at each run."""
    made: list[Case[Any]] = []

    @seed(1)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(OPERATIONS[label].as_strategy(mode))
    def make(case: Case[Any]) -> None:
        made.append(case)

    with suppress(Unsatisfiable):  # there is nothing that could be said wrong
        make()
    return made


async def point_at_a_thing(case: Case[Any], client: httpx.AsyncClient) -> None:
    """Let a call be about something that there is, where its path is about anything."""
    known = [each for each in MAKERS if case.path.startswith(re.sub(r":path\}", "}", each))]
    if known and case.path_parameters:
        name = re.findall(r"\{(\w+)", max(known, key=len))[0]
        case.path_parameters[name] = await MAKERS[max(known, key=len)](client)


def make_smallest(case: Case[Any], label: str) -> None:
    """Let a call say no more than must be: of what is made up, least is taken."""
    case.headers.clear()
    if SMALLEST[label] is not None:
        case.body = SMALLEST[label]
        case.query.clear()


async def answer(world: World, case: Case[Any], headers: dict[str, str]) -> Response:
    """What the application answers to a call, in the form that is checked."""
    wanted = case.as_transport_kwargs(base_url=HOST, headers=headers)
    sent = requests.Request(**{name: value for name, value in wanted.items() if name in TAKEN}).prepare()
    content: Any = sent.body or b""
    body = content.encode() if isinstance(content, str) else content
    path = (sent.url or "").removeprefix(HOST)
    plain, mark, query = path.partition("?")
    got = await ask(world.app, str(sent.method), unquote(plain) + mark + query, list(sent.headers.items()), body=body)
    return as_checked(got, sent)


def as_checked(got: Answer, sent: requests.PreparedRequest) -> Response:
    headers = {name: got.headers.getlist(name) for name in got.headers}
    return Response(
        status_code=got.status,
        headers=headers,
        content=got.body,
        request=sent,
        elapsed=0.0,
        verify=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize("label", OPERATIONS)
async def test_an_operation_answers_as_the_document_says(
    world: World, client: httpx.AsyncClient, csrf: Csrf, label: str
) -> None:
    callers = knocking_at(world, csrf)
    allowed, forbidden = (
        cases(label, GenerationMode.POSITIVE, ALLOWED),
        cases(label, GenerationMode.NEGATIVE, FORBIDDEN),
    )
    for case in allowed:
        case.headers.pop("X-Tenant", None)  # whatever is made up names a company that the caller is not of
    make_smallest(allowed[0], label)
    for number, case in enumerate([*allowed, *forbidden]):
        if number % 2 == 0:
            await point_at_a_thing(case, client)
        headers = callers[number % len(callers)]
        try:
            case.validate_response(await answer(world, case, headers), checks=CHECKS)
        except FailureGroup as failures:
            told = "\n".join(f"{each.title}: {each.message}" for each in failures.exceptions)
            pytest.fail(f"{told}\n{case.as_curl_command()}")


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (500, "application/problem+json", b"{}"),
        (418, "application/json", b"{}"),
        (200, "text/html", b"<p>"),
        (200, "application/json", b'{"slug": 1}'),
        (422, "application/problem+json", b'{"title": "what"}'),
    ],
)
def test_an_answer_that_the_document_does_not_know_is_found_out(status: int, kind: str, body: bytes) -> None:
    case = cases("GET /api/v1/company", GenerationMode.POSITIVE, 1)[0]
    sent = requests.Request("GET", f"{HOST}/api/v1/company").prepare()
    wrong = Answer(status, Headers({"content-type": kind}), body)
    with pytest.raises(FailureGroup):
        case.validate_response(as_checked(wrong, sent), checks=CHECKS)
