"""What many ask for at once is done together, and each is answered for itself."""

import asyncio
from collections.abc import Sequence

from foodflow.live.rules.seats import Seat
from foodflow.live.usecases.batching import Batches
from foodflow.live.usecases.members import OVER, STARTING_OVER, Member


async def test_what_comes_while_one_batch_is_at_work_is_the_next_batch() -> None:
    sizes: list[int] = []
    gate = asyncio.Event()

    async def work(items: Sequence[int]) -> Sequence[int | Exception]:
        sizes.append(len(items))
        await gate.wait()
        return [item * 2 for item in items]

    batches = Batches(work, size=3)
    first = asyncio.create_task(batches.do(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(batches.do(number)) for number in range(2, 9)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8, 10, 12, 14, 16]
    assert sizes == [1, 3, 3, 1]


async def test_one_that_fails_fails_alone() -> None:
    async def work(items: Sequence[int]) -> Sequence[int | Exception]:
        return [ValueError("odd") if item % 2 else item for item in items]

    batches = Batches(work, size=10)
    answers = await asyncio.gather(*(batches.do(number) for number in range(4)), return_exceptions=True)
    assert [isinstance(each, ValueError) for each in answers] == [False, True, False, True]


async def test_a_batch_that_fails_fails_for_all_of_it_and_the_next_one_is_done() -> None:
    broken = [True]

    async def work(items: Sequence[int]) -> Sequence[int | Exception]:
        if broken.pop() if broken else False:
            raise ConnectionError
        return list(items)

    batches = Batches(work, size=2)
    answers = await asyncio.gather(*(batches.do(number) for number in range(4)), return_exceptions=True)
    assert [isinstance(each, ConnectionError) for each in answers] == [True, True, False, False]


async def test_who_no_longer_waits_holds_nobody_up() -> None:
    async def work(items: Sequence[int]) -> Sequence[int | Exception]:
        await asyncio.sleep(0.01)
        return list(items)

    batches = Batches(work, size=2)
    gone = asyncio.create_task(batches.do(1))
    stays = asyncio.create_task(batches.do(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == 2


async def test_who_does_not_read_is_sent_away_and_never_waited_for() -> None:
    member = Member(Seat.PARTICIPANT, 1)
    for number in range(65):
        member.offer(str(number))
    assert member.closed == STARTING_OVER
    assert await member.next() is None


async def test_what_a_connection_takes_at_once_never_overtakes_what_waits() -> None:
    member, written = Member(Seat.PARTICIPANT, 1), []
    has_room = True

    def write(frame: str) -> bool:
        if has_room:
            written.append(frame)
        return has_room

    member.write = write
    member.offer("one")
    has_room = False
    member.offer("two")
    has_room = True
    member.offer("three")
    assert (written, await member.next()) == (["one"], "two")
    assert await member.next() == "three"
    member.offer("four")  # "three" is still being sent
    assert (written, await member.next()) == (["one"], "four")
    assert await member.next(0.01) is None
    member.offer("five")
    assert written == ["one", "five"]


async def test_what_was_said_before_the_end_is_still_read() -> None:
    member = Member(Seat.PARTICIPANT, 1)
    member.offer("last words")
    member.close(OVER)
    member.offer("too late")
    assert [await member.next(), await member.next()] == ["last words", None]
