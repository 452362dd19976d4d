"""A message at the door: who sends it, may he, can it be read; then it is kept, and only then answered."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

import asyncpg
import structlog
from prometheus_client import Counter

from yijian.dataplane.group_commit import GroupCommit
from yijian.foundation.inbox import hot as inbox
from yijian.foundation.inbox.values import lane_of
from yijian.gateways.hl7v2 import hot as hl7
from yijian.gateways.hl7v2.codec import FrameProblem, Peek, peek
from yijian.kit import clock
from yijian.kit.crypto import FieldCipher
from yijian.kit.ids import new_id

__all__ = ["Admission", "Admitted", "SenderBook"]

Result = TypeVar("Result")

MESSAGES = Counter("yijian_hl7_messages", "HL7 v2 messages at the door", ["institution", "outcome"])
BAD_FRAMES = Counter(
    "yijian_hl7_bad_frames", "Bytes on an MLLP connection that were no whole frame", ["kind"]
)

SMALL_BYTES = 256 * 1024
"""What is read on the event loop; larger messages are read beside it."""
HINT_SECONDS = 0.1
"""Workers at work look again by themselves; only idle ones need waking, and each hint costs a round trip."""
QUIET_TURNS = 3
"""For so many turns of the loop a commit waits for more: senders answered together send together."""
AT_ONCE = 16
"""How many messages of one institution are under way at a time, over however many connections."""
FACILITY_CHARACTERS, CONTROL_ID_CHARACTERS, TYPE_CHARACTERS = 128, 199, 32
"""As wide as the inbox's columns."""

log = structlog.get_logger(__name__)


class SenderBook:
    """The registered senders, looked up again after `seconds`."""

    def __init__(self, pool: asyncpg.Pool, seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds
        self._senders: dict[str, inbox.SenderSetting] = {}
        self._read_at: float | None = None
        self._lock = asyncio.Lock()

    async def find(self, facilities: Sequence[str]) -> inbox.SenderSetting | None:
        """Return the active sender of the first of these names that has one."""
        if self._is_old:
            async with self._lock:
                if self._is_old:
                    self._senders = await inbox.list_senders(self._pool)
                    self._read_at = time.monotonic()
        return next((self._senders[name] for name in facilities if name in self._senders), None)

    @property
    def _is_old(self) -> bool:
        return self._read_at is None or time.monotonic() - self._read_at >= self._seconds


@dataclass(frozen=True, slots=True)
class Admitted:
    """A message that is kept, its header, and the answer to give now (empty: none)."""

    kept: inbox.Kept
    peek: Peek


@dataclass(frozen=True, slots=True)
class Seen:
    """Who sends a message, and what is wrong with that, if anything."""

    peek: Peek
    sender: inbox.SenderSetting | None
    fault: hl7.Fault | None = None

    @property
    def institution_code(self) -> str:
        """Whose message it is; nobody's (empty) while the sender is in doubt."""
        return self.sender.institution_code if self.sender and not self.fault else ""

    @property
    def facility(self) -> str:
        """The sender as it is registered, else as it names itself."""
        return self.sender.facility if self.sender else self.peek.sender_code


class Admission:
    """Keeps messages of HL7 v2 in the inbox, many to a transaction."""

    def __init__(self, pool: asyncpg.Pool, cipher: FieldCipher, *, sender_seconds: float = 3) -> None:
        self._pool = pool
        self._cipher = cipher
        self._senders = SenderBook(pool, sender_seconds)
        self._hinted_at = -HINT_SECONDS
        self._turns: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE))
        self._group = GroupCommit(
            self._keep,
            quiet=QUIET_TURNS,
            separable=(asyncpg.DataError, asyncpg.IntegrityConstraintViolationError),
        )

    async def admit(self, raw: bytes, peer: inbox.Peer) -> Admitted | None:
        """Judge and keep one message; when this returns, it is on disk. None for an acknowledgement.

        Answers are not answered (HL7 v2.5.1 §2.9.2). One who floods waits for himself: each institution has
        its turns, and all that are not admitted share those of one.
        """
        seen = await self._look(raw, peer)
        if seen.peek.type == "ACK":
            MESSAGES.labels(seen.institution_code, "acknowledgement").inc()
            return None
        async with self._turns[seen.institution_code]:
            now = clock.now()
            fault = seen.fault or await _find_fault(raw, seen.sender, now)
            return await self._submit(raw, seen, fault, now)

    async def keep_fragment(self, problem: FrameProblem, peer: inbox.Peer) -> Admitted | None:
        """Count what was no whole frame, and keep its beginning, refused, if it looks like a message."""
        BAD_FRAMES.labels(problem.kind).inc()
        log.warning("no whole frame", kind=problem.kind, size=problem.size)
        if b"MSH" not in problem.head:
            return None
        seen = await self._look(problem.head, peer)
        async with self._turns[seen.institution_code]:
            return await self._submit(problem.head, seen, hl7.frame_fault(problem.kind), clock.now())

    async def close(self) -> None:
        """Wait until everything under way is kept."""
        await self._group.close()

    async def _look(self, raw: bytes, peer: inbox.Peer) -> Seen:
        """Find the sender by MSH-4, and read the header again in the sender's character set."""
        first = await _read(raw, peek, raw, None)
        sender = await self._senders.find(first.sender_codes)
        if sender is None:
            headless = not (first.type or first.control_id or first.sender_code)
            fault = await _find_fault(raw, None, clock.now()) if headless else None
            return Seen(first, None, fault or hl7.sender_unknown(first.sender_code))
        seen = await _read(raw, peek, raw, sender.encoding) if sender.encoding else first
        return Seen(seen, sender, None if sender.admits(peer) else hl7.sender_refused())

    async def _submit(self, raw: bytes, seen: Seen, fault: hl7.Fault | None, now: datetime) -> Admitted:
        sealed, digest = await _read(raw, lambda: (self._cipher.seal(raw), sha256(raw).digest()))
        kept = await self._group.submit(_arrival(sealed, digest, seen, fault, now))
        outcome = kept.outcome if not kept.reason.code else f"{kept.outcome} {kept.reason.code}"
        MESSAGES.labels(seen.institution_code, outcome).inc()
        return Admitted(kept, seen.peek)

    async def _keep(self, arrivals: Sequence[inbox.Arrival]) -> Sequence[inbox.Kept]:
        async with self._pool.acquire() as connection:
            kept = await inbox.add(connection, arrivals)
            if kept is None:
                async with connection.transaction():
                    kept = await inbox.keep(connection, arrivals)
            if time.monotonic() - self._hinted_at >= HINT_SECONDS:
                await inbox.wake_workers(connection)
                self._hinted_at = time.monotonic()
            return kept


async def _read(raw: bytes, work: Callable[..., Result], *arguments: object) -> Result:
    """Do work whose cost grows with a message: a large one must not hold up the others."""
    if len(raw) <= SMALL_BYTES:
        return work(*arguments)
    return await asyncio.to_thread(work, *arguments)


async def _find_fault(raw: bytes, sender: inbox.SenderSetting | None, now: datetime) -> hl7.Fault | None:
    """Judge a message; a failure of our own becomes a refusal too, for the message is kept all the same."""
    try:
        return await _read(raw, hl7.find_fault, raw, sender.encoding if sender else None, now)
    except Exception:
        log.exception("a message cannot be read")
        return hl7.internal_fault()


def _arrival(
    sealed: bytes, digest: bytes, seen: Seen, fault: hl7.Fault | None, now: datetime
) -> inbox.Arrival:
    def when_taken() -> tuple[inbox.Reason, bytes]:
        taken = hl7.control_id_taken()
        return _reason(taken), hl7.door_answer(seen.peek, taken, now)

    header = seen.peek
    return inbox.Arrival(
        message_id=new_id(),
        received_at=now,
        protocol=hl7.PROTOCOL,
        institution_code=seen.institution_code,
        facility=seen.facility[:FACILITY_CHARACTERS],
        control_id=header.control_id[:CONTROL_ID_CHARACTERS],
        message_type="^".join(filter(None, (header.type, header.trigger)))[:TYPE_CHARACTERS],
        lane=lane_of(header.patient_key.rpartition(":")[2]),
        sealed=sealed,
        digest=digest,
        answer=hl7.door_answer(header, fault, now),
        reason=_reason(fault) if fault else inbox.NOTHING_WRONG,
        when_taken=when_taken,
    )


def _reason(fault: hl7.Fault) -> inbox.Reason:
    return inbox.Reason(fault.code, fault.text, fault.data)
