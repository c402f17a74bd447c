"""An audience: all who are connected to one live session in one process, told once of each turn."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from foodflow.identity.public.guests import require_open
from foodflow.kernel import clock
from foodflow.kernel.actor import system_actor
from foodflow.kernel.db import Database, tenant_transaction
from foodflow.kernel.errors import Refusal
from foodflow.kernel.live.hub import Hub, Subscription
from foodflow.kernel.live.publishing import Message
from foodflow.kernel.tenancy import TenantName
from foodflow.live.queries import activities as activity_queries
from foodflow.live.queries import presence
from foodflow.live.queries import sessions as queries
from foodflow.live.rules.participants import ParticipantNotFound
from foodflow.live.rules.responses import Outcome, Submission
from foodflow.live.rules.scores import Standing
from foodflow.live.rules.seats import (
    MAX_CONNECTIONS,
    MAX_MISSED,
    PRESENCE_EVERY,
    RESULTS_EVERY,
    SEEN_EVERY,
    Removed,
    Seat,
    pause_after,
)
from foodflow.live.tables.sessions import LiveTurn
from foodflow.live.usecases import frames, leading, scores, states
from foodflow.live.usecases.batching import Batches
from foodflow.live.usecases.members import OVER, REMOVED, Member
from foodflow.live.usecases.responses import record
from foodflow.live.usecases.states import Stand
from foodflow.live.usecases.turns import topic_of

_PART = 500
"""How many are looked up or marked with one statement."""
_AT_ONCE = 200
"""How many members are told before others get their turn in this process."""
_ANSWERS_AT_ONCE = 1000
_SCORED = frozenset({"question.revealed", "activity.closed", "leaderboard.shown", "session.completed"})
"""Turns after which everybody's own score may be another one."""

log = structlog.get_logger(__name__)


class Audience:
    """Tells its members what happens in a session, and takes their answers in batches.

    One task of its own looks at the database when something happened, never a member: what everybody sees is read and
    written down once, however many there are.
    """

    def __init__(self, database: Database, hub: Hub, tenant: TenantName, session_id: int) -> None:
        self.tenant, self.session_id = tenant, session_id
        self.members: set[Member] = set()
        self.stand: Stand | None = None
        self.is_over = False
        self._database, self._hub = database, hub
        self._actor = system_actor(tenant, "live")
        self._shared: dict[Seat, str] = {}
        self._turns: deque[frames.Told] = deque(maxlen=MAX_MISSED)
        self._places: dict[int, deque[Member]] = {}
        self._unseen: set[int] = set()
        self._answers: dict[UUID, Batches[Submission, Outcome]] = {}
        self._standing = Batches(self._look_up, size=_PART)
        self._subscription: Subscription | None = None
        self._results_due = self._presence_due = 0.0
        self._results_pause = RESULTS_EVERY
        self._seen_due = time.monotonic() + SEEN_EVERY

    # --- what connections ask for ------------------------------------------------------------------------------------

    async def own_part(self, participant_id: int | None) -> str:
        """A participant's own part in the session, as JSON; raises Removed or ParticipantNotFound."""
        return "null" if participant_id is None else await self._standing.do(participant_id)

    def state(self, seat: Seat) -> str:
        """The present state from a seat, as JSON."""
        return frames.at(clock.now(), self._shared[seat])

    @property
    def sequence(self) -> int:
        """The number of the latest turn."""
        return 0 if self.stand is None else self.stand.sequence

    def missed(self, after: int) -> Sequence[str]:
        """The turns after one, in order, each as JSON; none where they are more than anybody wants to be told one by
        one.
        """
        if not 0 <= after < self.sequence or self.sequence - after > MAX_MISSED:
            return ()
        return [turn.frame for turn in self._turns if turn.sequence > after]

    async def answer(self, activity_id: UUID, submission: Submission) -> Outcome:
        """Have an answer kept, with all others of this moment; it is stored when this returns."""
        batches = self._answers.get(activity_id)
        if batches is None:

            async def keep(submissions: Sequence[Submission]) -> Sequence[Outcome | Exception]:
                async with tenant_transaction(self._database, self._actor) as session:
                    activity = await activity_queries.activity_of(session, self._actor, self.session_id, activity_id)
                    return await record(session, activity, submissions)

            batches = self._answers[activity_id] = Batches(keep, size=_ANSWERS_AT_ONCE)
        return await batches.do(submission)

    def look_in(self, participant_id: int) -> None:
        """Note that a participant who asks now and then was seen."""
        self._unseen.add(participant_id)

    def enter(self, member: Member) -> None:
        """Let a connection be told what happens from now on."""
        self.members.add(member)
        if member.participant_id is not None:
            self._make_room(member.participant_id)
            self._places.setdefault(member.participant_id, deque()).append(member)
            self._unseen.add(member.participant_id)
            self._look_at_presence()

    def leave(self, member: Member) -> None:
        """Forget a connection that is gone."""
        self.members.discard(member)
        if member.participant_id is not None:
            self._unseen.add(member.participant_id)
            own = self._places[member.participant_id]
            own.remove(member)
            if not own:
                del self._places[member.participant_id]
            self._look_at_presence()

    def _make_room(self, participant_id: int) -> None:
        """One participant has a few connections at once: a phone, a tablet, one that has not noticed its end yet."""
        own = [member for member in self._places.get(participant_id, ()) if member.closed is None]
        if len(own) >= MAX_CONNECTIONS:
            own[0].close(OVER)

    # --- its own task ------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Read the session as it is now; raises SessionNotFound."""
        async with tenant_transaction(self._database, self._actor) as session:
            self.stand = await states.stand_of(session, self._actor, self.session_id)
        self._shared = {seat: frames.shared(seen) for seat, seen in self.stand.seen.items()}

    async def listen(self, begun: asyncio.Event) -> None:
        """Follow the session until the process or the session ends."""
        topics = frozenset({topic_of(self.session_id)})
        async with self._hub.subscribe(self._actor, topics) as subscription:
            self._subscription = subscription
            await self._require_company()
            await self.load()
            turns = await self._turns_since(max(self.sequence - MAX_MISSED, 0))
            self._turns.extend(map(frames.told, turns))
            begun.set()
            while not self._hub.closing and not self.is_over:
                message = await subscription.next(self._patience())
                try:
                    await self._heed(subscription, message)
                except Refusal as refusal:  # the session is deleted, or its company suspended
                    log.info("live.audience_ends", session=self.session_id, because=refusal.code)
                    self.end()
                except SQLAlchemyError as error:  # the next message, or a member who comes back, finds the rest
                    log.warning("live.audience_failed", error=str(error).strip())
                    await asyncio.sleep(1)
                    subscription.start_over()
        self.end()

    def end(self) -> None:
        """Send everybody away."""
        self.is_over = True
        for member in self.members:
            member.close(OVER)

    async def _heed(self, subscription: Subscription, message: Message | None) -> None:
        if subscription.doubted:
            subscription.doubted = False
            await self._require_company()
        if subscription.missed:
            subscription.missed = False
            await self._catch_up()
        elif message is not None:
            await self._note(message)
        now = time.monotonic()
        if 0 < self._results_due <= now:
            await self._tell_results()
        if 0 < self._presence_due <= now:
            await self._tell_presence()
        if self._seen_due <= now:
            self._seen_due = now + SEEN_EVERY
            self._unseen |= self._places.keys()
            await self._mark_seen()
        if self.stand is not None and self.stand.due_at is not None and self.stand.due_at <= clock.now():
            await self._close_due()

    async def _require_company(self) -> None:
        """Ask once for all who bring a participant token, which says nothing of the company's state."""
        await require_open(self._database, self.tenant)

    async def _note(self, message: Message) -> None:
        if message.type == "live.session.changed":
            if message.data.get("sequence", 0) > self.sequence:
                await self._catch_up()
        elif message.type == "live.session.counted":
            self._results_due = self._results_due or time.monotonic() + self._results_pause
        else:
            self._look_at_presence()

    def _patience(self) -> float:
        """Seconds until there is something to do that nobody tells of."""
        now = time.monotonic()
        due = [each - now for each in (self._results_due, self._presence_due) if each] + [self._seen_due - now]
        if self.stand is not None and self.stand.due_at is not None:
            due.append((self.stand.due_at - clock.now()).total_seconds())
        return max(min(due), 0.0)

    def _look_at_presence(self) -> None:
        if not self._presence_due:
            self._presence_due = time.monotonic() + PRESENCE_EVERY
            if self._subscription is not None:
                self._subscription.wake()

    async def _catch_up(self) -> None:
        """Load what happened since the last turn that was told, and tell everybody once."""
        before, had_scores = self.sequence, self._has_scores
        await self.load()
        turns = await self._turns_since(before)
        told = [frames.told(turn) for turn in turns]
        self._turns.extend(told)
        for turn in turns:
            self._send_away(turn)
        if told:
            for each in told[:-1]:
                await self._tell(dict.fromkeys(Seat, each.frame))
            await self._tell({seat: frames.latest(told[-1], self.state(seat)) for seat in Seat})
            if (had_scores or self._has_scores) and any(turn.type in _SCORED for turn in turns):
                await self._tell_own_parts()

    @property
    def _has_scores(self) -> bool:
        """Whether anybody stands on the leaderboard, which who leads always sees."""
        return self.stand is not None and bool(self.stand.seen[Seat.FACILITATOR]["leaderboard"])

    async def _turns_since(self, sequence: int) -> list[LiveTurn]:
        """The turns after one, up to that of the picture that was loaded last."""
        async with tenant_transaction(self._database, self._actor) as session:
            turns = await queries.turns_after(session, self.session_id, sequence, limit=MAX_MISSED)
        return [turn for turn in turns if turn.sequence <= self.sequence]

    def _send_away(self, turn: LiveTurn) -> None:
        if turn.type == "participant.removed":
            for member in list(self.members):
                if str(member.participant_id) == turn.data.get("participant_id"):
                    member.offer('{"type":"removed"}')
                    member.close(REMOVED)

    async def _tell(self, said: dict[Seat, str]) -> None:
        for told, member in enumerate(list(self.members), 1):
            frame = said.get(member.seat)
            if frame is not None:
                member.offer(frame)
            if told % _AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _tell_results(self) -> None:
        begun = time.monotonic()
        self._results_due = 0.0
        await self._catch_up()  # a turn of which nobody has told yet may be in the picture already
        if self.stand is not None and self.stand.activity is not None:
            id = str(self.stand.activity.id)
            said = {
                seat: frames.text({"type": "results", "activity_id": id, "results": seen["results"]})
                for seat, seen in self.stand.seen.items()
                if seen["results"] is not None
            }
            await self._tell(said)
        self._results_pause = pause_after(time.monotonic() - begun, RESULTS_EVERY)

    async def _tell_presence(self) -> None:
        self._presence_due = 0.0
        await self._mark_seen()
        async with tenant_transaction(self._database, self._actor) as session:
            participants, online = await states.present(session, self.session_id)
        said = frames.text({"type": "presence", "participants": participants, "online": online})
        await self._tell({Seat.PROJECTOR: said, Seat.FACILITATOR: said})

    async def _tell_own_parts(self) -> None:
        ids = list(self._places)
        for start in range(0, len(ids), _PART):
            part = ids[start : start + _PART]
            for id, own in zip(part, await self._look_up(part), strict=True):
                for member in self._places.get(id, ()) if isinstance(own, str) else ():
                    member.offer(f'{{"type":"you","you":{own}}}')

    async def _mark_seen(self) -> None:
        ids, now = list(self._unseen), clock.now()
        self._unseen.clear()
        for start in range(0, len(ids), _PART):
            async with tenant_transaction(self._database, self._actor) as session:
                await presence.mark_seen(session, self.session_id, ids[start : start + _PART], now)

    async def _close_due(self) -> None:
        now: datetime = clock.now()
        async with tenant_transaction(self._database, self._actor) as session:
            await leading.close_due(session, self._actor, self.session_id, now)
        await self._catch_up()

    async def _look_up(self, participant_ids: Sequence[int]) -> Sequence[str | Exception]:
        activity = None if self.stand is None else self.stand.activity
        async with tenant_transaction(self._database, self._actor) as session:
            found = await scores.standing_of(session, self.session_id, participant_ids, activity=activity)
        return [_own_part(found.get(id)) for id in participant_ids]


def _own_part(standing: Standing | None) -> str | Exception:
    if standing is None:
        return ParticipantNotFound("Participant not found")
    if standing.rank is None:
        return Removed("a facilitator has removed you from this session")
    return frames.text(standing)
