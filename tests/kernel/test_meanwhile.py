"""Things done one after the other while others go on, and something done while something else goes on."""

import asyncio

import pytest

from foodflow.kernel.meanwhile import giving_way, meanwhile


async def test_others_go_on_between_things() -> None:
    turns = list[str]()

    async def other() -> None:
        while len(turns) < 100:
            turns.append("other")
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    async for thing in giving_way(range(40)):
        turns.append(str(thing))
    assert [each for each in turns if each != "other"] == list(map(str, range(40)))
    assert turns.count("other") >= 4
    task.cancel()


async def test_few_things_are_done_without_giving_way() -> None:
    given_way = list[bool]()
    asyncio.get_running_loop().call_soon(given_way.append, True)
    assert [thing async for thing in giving_way("abc")] == ["a", "b", "c"]
    assert given_way == []


async def test_what_was_done_meanwhile_has_its_result() -> None:
    async def work() -> int:
        await asyncio.sleep(0)
        return 7

    async with meanwhile(work()) as asked:
        pass
    assert asked.result() == 7
    async with meanwhile(work()) as asked:
        assert await asked == 7


@pytest.mark.parametrize("fails_in", ["work", "block"])
async def test_a_failure_of_either_ends_both(fails_in: str) -> None:
    ended = list[str]()

    async def work() -> None:
        try:
            if fails_in == "work":
                raise LookupError
            await asyncio.sleep(60)
        finally:
            ended.append("work")

    async def both() -> None:
        async with meanwhile(work()):
            await asyncio.sleep(0)
            if fails_in == "block":
                raise ZeroDivisionError

    with pytest.raises(LookupError if fails_in == "work" else ZeroDivisionError):
        await both()
    assert ended == ["work"]
