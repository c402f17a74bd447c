"""The hub's subscriptions: who may hear what, and what happens to those who do not listen."""

import asyncio

from foodflow.kernel.actor import Actor
from foodflow.kernel.live.hub import QUEUE_LENGTH, Subscription
from foodflow.kernel.live.publishing import Message
from foodflow.kernel.tenancy import TenantName

VIEWER = Actor("user:1", TenantName("demo"), permissions=frozenset({"plant.read", "desk.*"}))
LONG, SHORT = 10.0, 0.01


def message(
    topic: str = "plant.line/1", *, tenant: str = "demo", needs: str = "plant.read", number: int = 0
) -> Message:
    return Message(tenant, topic, "reading", needs, {"number": number})


def subscription(*topics: str) -> Subscription:
    return Subscription(VIEWER, frozenset(topics))


def test_a_subscription_wants_what_its_company_topics_and_permissions_allow() -> None:
    assert subscription().wants(message())
    assert subscription().wants(message(needs="desk.read"))
    assert subscription("plant.line").wants(message())
    assert subscription("plant.line/1", "x").wants(message())
    assert not subscription("plant.line/2", "plant", "line/1").wants(message())
    assert not subscription().wants(message(tenant="akron"))
    assert not subscription().wants(message(needs="plant.configure"))


async def test_messages_are_given_in_order_as_soon_as_they_come() -> None:
    waiting = subscription()
    first = asyncio.create_task(waiting.next(LONG))
    await asyncio.sleep(0)
    for number in range(3):
        waiting.offer(message(number=number))
    assert await first == message(number=0)
    assert [await waiting.next(LONG) for _ in range(2)] == [message(number=1), message(number=2)]
    assert await waiting.next(SHORT) is None


async def test_a_full_queue_is_forgotten_and_what_comes_after_is_kept() -> None:
    slow = subscription()
    for number in range(QUEUE_LENGTH):
        slow.offer(message(number=number))
    assert not slow.missed
    for number in (QUEUE_LENGTH, QUEUE_LENGTH + 1):
        slow.offer(message(number=number))
    assert [slow.missed] == [True]
    slow.missed = False
    assert await slow.next(SHORT) == message(number=QUEUE_LENGTH + 1)
    assert await slow.next(SHORT) is None


async def test_who_waits_is_woken_when_something_was_missed_or_the_end_has_come() -> None:
    for happening in (Subscription.start_over, Subscription.wake):
        waiting = subscription()
        task = asyncio.create_task(waiting.next(LONG))
        await asyncio.sleep(0)
        happening(waiting)
        assert await asyncio.wait_for(task, 1) is None
