"""Who has an account here is not told by the time that an answer takes, nor is what a guessed link could be for."""

import statistics
import time
from collections.abc import Awaitable, Callable
from itertools import cycle
from typing import Final
from uuid import uuid4

import psycopg
import pytest

from tests.attacks.callers import World
from tests.attacks.make import Answer, ask
from tests.identity.make import TOKEN

FORGOTTEN: Final = "/api/v1/auth/password/forgotten"
LOOK: Final = "/api/v1/auth/invitations/look"
ALIKE: Final = 1.6
"""How far medians may lie apart on a busy machine; skipping the work that takes the time makes it more than tenfold."""

Ask = Callable[[], Awaitable[Answer]]


async def ratio(first: Ask, second: Ask, turns: int) -> float:
    """How many times longer the slower of two takes, in the median over turns."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(2 * turns):
        begun = time.perf_counter()
        await (first, second)[turn % 2]()
        seconds[turn % 2].append(time.perf_counter() - begun)
    low, high = sorted(map(statistics.median, seconds))
    return high / low


async def take_as_long(first: Ask, second: Ask, *, turns: int) -> bool:
    """Whether two take alike; a difference that is there is there each time, one of a busy machine is not."""
    for _ in range(3):
        if await ratio(first, second, turns) < ALIKE:
            return True
    return False


@pytest.fixture(scope="module")
def names(world: World) -> list[str]:
    """People who can sign in, with their addresses."""
    people = [world.somebody("viewer") for _ in range(7)]
    with psycopg.connect(world.url) as connection:
        for person in people:
            query = "UPDATE platform.users SET email = username || '@example.com' WHERE id = %s"
            connection.execute(query, [person.id])
    return [person.username for person in people]


def nobody() -> str:
    return f"p-{uuid4().hex}"


async def sign_in(world: World, name: str) -> Answer:
    return await ask(world.app, "POST", TOKEN, json={"username": name, "password": "wrong but long enough"})


async def forget(world: World, name: str) -> Answer:
    return await ask(world.app, "POST", FORGOTTEN, json={"email": f"{name}@example.com"})


async def test_a_wrong_password_takes_as_long_as_an_unknown_name(world: World, names: list[str]) -> None:
    known = cycle(names)
    assert await take_as_long(lambda: sign_in(world, next(known)), lambda: sign_in(world, nobody()), turns=7)


async def test_forgetting_a_password_takes_as_long_whether_the_address_is_known(world: World, names: list[str]) -> None:
    known = cycle(names)
    assert await take_as_long(lambda: forget(world, next(known)), lambda: forget(world, nobody()), turns=31)


async def test_a_guessed_invitation_and_a_guessed_reset_say_nothing(world: World) -> None:
    guesses = ["x", "a" * 43, "A" * 200]
    looks = [await ask(world.app, "POST", LOOK, json={"token": guess}) for guess in guesses]
    assert len({(answer.status, answer.code, answer.json()["detail"]) for answer in looks}) == 1
    assert looks[0].status in {400, 401, 404, 409, 422}


async def test_work_that_is_done_for_one_of_two_alone_is_noticed(world: World) -> None:
    assert not await take_as_long(
        lambda: sign_in(world, nobody()), lambda: ask(world.app, "GET", "/health/live"), turns=3
    )
