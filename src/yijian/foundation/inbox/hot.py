"""The data plane's door to the inbox: who may send, and messages kept many to a transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any, Literal, Protocol
from uuid import UUID

import structlog
from msgspec import json

from yijian.kit.sql import read_sql

__all__ = [
    "NOTHING_WRONG",
    "Arrival",
    "Kept",
    "Peer",
    "Reason",
    "SenderSetting",
    "add",
    "count_open_alarms",
    "keep",
    "list_senders",
    "list_settled",
    "wake_workers",
]

HOLD, ADD, REJUDGE, SETTLED, SENDERS, OPEN_ALARMS = (
    read_sql("yijian.foundation.inbox", name)
    for name in ("hold", "add", "rejudge", "settled", "senders", "open_alarms")
)
ROW_COLUMNS = 14
NOTIFY = "SELECT pg_notify('inbox', '')"
"""A hint that wakes the workers; they look by themselves as well."""

Key = tuple[str, str]
"""Facility and control id."""
Row = tuple[Any, ...]
"""A message as it is added, in the order of the statement."""

log = structlog.get_logger(__name__)


class Connection(Protocol):
    """What we use of a connection of asyncpg."""

    async def fetch(self, query: str, *args: Any) -> list[Any]: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    async def execute(self, query: str, *args: Any) -> str: ...


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection; without TLS it bears no certificate."""

    address: IPv4Address | IPv6Address
    certificate_names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SenderSetting:
    """A sending facility as it is registered. `encoding` holds where a message does not declare its own.

    `certificates` are names as `certificate_names` writes them; over TLS they count, if there are any.
    """

    facility: str
    institution_code: str
    encoding: str | None
    networks: tuple[IPv4Network | IPv6Network, ...]
    certificates: frozenset[str] = frozenset()

    def admits(self, peer: Peer) -> bool:
        """Tell whether the facility may send over this connection; nothing registered, nothing admitted."""
        if peer.certificate_names and self.certificates:
            return not self.certificates.isdisjoint(peer.certificate_names)
        return any(peer.address in network for network in self.networks)


async def list_senders(connection: Connection) -> dict[str, SenderSetting]:
    """Return every active sender by its facility."""
    rows = await connection.fetch(SENDERS)
    return {
        row["facility"]: SenderSetting(
            row["facility"],
            row["institution_code"],
            row["encoding"] or None,
            tuple(_networks(row["facility"], row["addresses"])),
            frozenset(row["certificates"]),
        )
        for row in rows
    }


def _networks(facility: str, addresses: Iterable[str]) -> Iterable[IPv4Network | IPv6Network]:
    for address in addresses:
        try:
            yield ip_network(address, strict=False)
        except ValueError:
            log.exception("a registered sender address is no CIDR and is passed over", facility=facility)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a message is refused; an empty code means that it is not. `data`: what the code does not say."""

    code: str
    text: str
    data: Mapping[str, str] = field(default_factory=dict, compare=False)


NOTHING_WRONG = Reason("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message at the door, sealed, and the verdict on it. Nobody's (`institution_code` empty) is refused.

    `when_taken` tells what to answer if the control id belongs to another message already.
    """

    message_id: UUID
    received_at: datetime
    protocol: str
    institution_code: str
    facility: str
    control_id: str
    message_type: str
    lane: int
    sealed: bytes
    digest: bytes
    answer: bytes
    reason: Reason
    when_taken: Callable[[], tuple[Reason, bytes]]

    @property
    def key(self) -> Key:
        return self.facility, self.control_id


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of an arrival: the id it is kept under, and the answer to give."""

    message_id: UUID
    outcome: Literal["received", "refused", "duplicate"]
    answer: bytes
    reason: Reason = NOTHING_WRONG


@dataclass(frozen=True, slots=True)
class Known:
    """A message kept before. No answer (None): a person had it taken after all, so it is answered anew."""

    message_id: UUID
    digest: bytes
    institution_code: str
    state: str
    reason: Reason
    answer: bytes | None

    @property
    def taken(self) -> bool:
        """Tell whether the control id is used up: a refused message may be mended and sent again under it."""
        return self.state != "refused"


def weigh(arrival: Arrival, known: Sequence[Known]) -> tuple[Kept, Literal["leave", "insert", "rejudge"]]:
    """Decide what to answer and what to write, given the messages kept under the same control id."""
    same = next((other for other in known if other.digest == arrival.digest), None)
    if same and same.institution_code and not arrival.institution_code:
        return Kept(same.message_id, "refused", arrival.answer, arrival.reason), "leave"
    if same and same.taken:
        answer = arrival.answer if same.answer is None else same.answer
        return Kept(same.message_id, "duplicate", answer), "leave"
    reason, answer = arrival.reason, arrival.answer
    if reason == NOTHING_WRONG and any(other.taken for other in known):
        reason, answer = arrival.when_taken()
    if same and same.answer is not None and same.reason == reason:
        return Kept(same.message_id, "duplicate", same.answer, reason), "leave"
    outcome: Literal["received", "refused"] = "received" if reason == NOTHING_WRONG else "refused"
    if same:
        return Kept(same.message_id, outcome, answer, reason), "rejudge"
    return Kept(arrival.message_id, outcome, answer, reason), "insert"


async def add(connection: Connection, arrivals: Sequence[Arrival]) -> list[Kept] | None:
    """Keep messages of which none was sent before, by one statement; None, and nothing kept, if one was.

    Outside any transaction they are on disk when this returns. It is what nearly all messages need.
    """
    keys = _keys_of(arrivals)
    if len(set(keys)) < len(keys):
        return None
    fates = [weigh(arrival, ())[0] for arrival in arrivals]
    added = await _add(connection, arrivals[0].protocol, sorted(keys), map(_row, arrivals, fates))
    return fates if added else None


async def keep(connection: Connection, arrivals: Sequence[Arrival]) -> list[Kept]:
    """Keep messages, in their order, in the caller's transaction; nothing may be answered before it commits.

    The same message again (same control id and content) is answered as before and not kept twice, unless it
    was refused: then a new verdict counts. Other content under a control id that was taken is refused.
    """
    known = await _hold(connection, arrivals[0].protocol, sorted(set(_keys_of(arrivals))))
    kept: list[Kept] = []
    new: list[Row] = []
    for arrival in arrivals:
        rivals = known.setdefault(arrival.key, []) if arrival.control_id else []
        fate, action = weigh(arrival, rivals)
        kept.append(fate)
        if action == "leave":
            continue
        if action == "insert":
            new.append(_row(arrival, fate))
        else:
            await connection.execute(REJUDGE, *_new_verdict(arrival, fate))
        rivals[:] = [rival for rival in rivals if rival.digest != arrival.digest]
        rivals.append(_as_known(arrival, fate))
    if new:
        await _add(connection, arrivals[0].protocol, (), new)
    return kept


async def wake_workers(connection: Connection) -> None:
    """Hint that there is something to do; call it once that is committed, or in the same transaction."""
    await connection.execute(NOTIFY)


async def count_open_alarms(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return by kind how many alarms about senders are open, and how many of them nobody has acknowledged."""
    return {row["kind"]: (row["number"], row["unseen"]) for row in await connection.fetch(OPEN_ALARMS)}


async def list_settled(connection: Connection, message_ids: Iterable[UUID]) -> dict[UUID, tuple[str, Reason]]:
    """Return state and reason of those among these messages that are no longer waiting to be processed."""
    rows = await connection.fetch(SETTLED, list(message_ids))
    return {row["message_id"]: (row["state"], Reason(row["reason_code"], row["reason_text"])) for row in rows}


def _keys_of(arrivals: Iterable[Arrival]) -> list[Key]:
    return [arrival.key for arrival in arrivals if arrival.control_id]


async def _hold(connection: Connection, protocol: str, keys: Sequence[Key]) -> dict[Key, list[Known]]:
    """Return what is kept under these control ids; nobody else adds to their facilities until we commit."""
    known: dict[Key, list[Known]] = {}
    for row in await connection.fetch(HOLD, protocol, *_columns(keys, 2)):
        reason = Reason(row["reason_code"], row["reason_text"])
        known.setdefault((row["facility"], row["control_id"]), []).append(
            Known(
                row["message_id"], row["digest"], row["institution_code"], row["state"], reason, row["answer"]
            )
        )
    return known


async def _add(connection: Connection, protocol: str, keys: Sequence[Key], rows: Iterable[Row]) -> int:
    """Add rows unless something is kept under one of these control ids; return how many."""
    columns = _columns(rows, ROW_COLUMNS)
    added: int = await connection.fetchval(ADD, protocol, *_columns(keys, 2), *columns)
    return added


def _columns(rows: Iterable[Sequence[Any]], number: int) -> list[Sequence[Any]]:
    return list(zip(*rows, strict=True)) or [()] * number


def _state(fate: Kept) -> str:
    return "received" if fate.reason == NOTHING_WRONG else "refused"


def _as_known(arrival: Arrival, fate: Kept) -> Known:
    return Known(
        fate.message_id, arrival.digest, arrival.institution_code, _state(fate), fate.reason, fate.answer
    )


def _row(arrival: Arrival, fate: Kept) -> Row:
    return (
        fate.message_id,
        arrival.received_at,
        arrival.institution_code,
        arrival.facility,
        arrival.control_id,
        arrival.message_type,
        arrival.lane,
        arrival.sealed,
        arrival.digest,
        fate.answer,
        _state(fate),
        fate.reason.code,
        fate.reason.text,
        json.encode(fate.reason.data).decode(),
    )


def _new_verdict(arrival: Arrival, fate: Kept) -> tuple[Any, ...]:
    return (
        fate.message_id,
        arrival.institution_code,
        arrival.lane,
        fate.answer,
        _state(fate),
        fate.reason.code,
        fate.reason.text,
        json.encode(fate.reason.data).decode(),
    )
