"""The data plane's door: answer an order check, and leave its record in one commit with its audit."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from yijian.domains.consent.hot import RIDING, redeem_code, redemption
from yijian.domains.consent.values import Sight
from yijian.domains.identity.hot import resolve_patient
from yijian.domains.identity.values import Certainty
from yijian.domains.recognition.answered import ANSWERED, answered_arguments, answered_codes
from yijian.domains.recognition.candidates import candidates_of
from yijian.domains.recognition.ordering import build_order, wanted_codes
from yijian.domains.recognition.presentation import (
    Document,
    ShownCandidate,
    ShownItem,
    ShownResult,
    View,
    present,
)
from yijian.domains.recognition.records import (
    MATCH_COLUMNS,
    MATCH_ITEM_COLUMNS,
    MATCH_KEY_COLUMNS,
    MatchRecord,
    access_detail,
    record_of,
)
from yijian.domains.recognition.rules import decide
from yijian.domains.recognition.seeing import options_on, see
from yijian.domains.recognition.texts import LEGAL_SITUATIONS, OUTCOMES, reason_text
from yijian.domains.recognition.values import Answer, MatchRequest, Order
from yijian.domains.results.hot import fetch_candidates
from yijian.domains.sharing.values import RegionalReason, Rulebook
from yijian.foundation.accounts.values import Caller, UsedToken
from yijian.foundation.audit.chain import Access
from yijian.foundation.database.hot import insert_rows
from yijian.kit.clock import now
from yijian.kit.crypto import FieldCipher
from yijian.kit.errors import Problem
from yijian.kit.ids import new_parent_id

__all__ = [
    "LEGAL_SITUATIONS",
    "OUTCOMES",
    "Answered",
    "Document",
    "Footprint",
    "Matched",
    "OrderCheck",
    "Question",
    "ShownCandidate",
    "ShownItem",
    "ShownResult",
    "View",
    "match",
    "reason_text",
    "record_matches",
]

ACQUIRE_SECONDS = 5


class Connection(Protocol):
    async def fetch(self, query: str, *args: Any) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Matched:
    """What was asked, as rules see it, and their answer; the person where certain; what might be seen."""

    order: Order
    answer: Answer
    person_id: UUID | None
    sight: Sight


class CodeRefused(Exception):
    """The code shown for a patient was wrong; the try goes on record before it is told."""

    def __init__(self, person_id: UUID, problem: Problem) -> None:
        super().__init__(problem.code)
        self.person_id = person_id
        self.problem = problem


async def match(
    connection: Connection,
    rulebook: Rulebook,
    cipher: FieldCipher,
    institution_code: str,
    request: MatchRequest,
    at: datetime,
    *,
    replay: bool,
) -> Matched:
    """Answer an order check in two statements: numbers to person, person and items to candidates.

    The second is left out where nothing could be shown anyway; the patient's will rides on it. `replay`
    answers as reports stood at `at`, but shows what may be seen today. A code costs a statement more.
    """
    if institution_code not in rulebook.institutions:
        raise Problem("institution.unknown", "The calling institution is not in the directory.", 403)
    resolution, born = await resolve_patient(connection, request.patient, institution_code, cipher)
    order = build_order(rulebook, institution_code, request, resolution.certainty, at)
    person_id = resolution.person_id if resolution.certainty is Certainty.CERTAIN else None
    moment = now() if replay else at
    if person_id and request.authorisation.code:
        await _redeem(connection, rulebook, cipher, institution_code, request, person_id)
    rows: list[Any] = []
    if person_id and (codes := _visible_codes(rulebook, order)):
        rows = await fetch_candidates(connection, person_id, codes, at, replay=replay, riding=RIDING)
    sight, seen = see(rulebook, institution_code, request, born, moment, rows)
    candidates, interventions = candidates_of(seen)
    order = order.knowing(interventions, sight)
    options = options_on(rulebook, institution_code, at)
    asked = answered_arguments(options, institution_code, request, person_id, at)
    if asked and rows:
        order = replace(order, answered=answered_codes(await connection.fetch(ANSWERED, *asked)))
    return Matched(order, decide(rulebook, order, candidates), person_id, sight)


async def _redeem(
    connection: Connection,
    rulebook: Rulebook,
    cipher: FieldCipher,
    institution_code: str,
    request: MatchRequest,
    person_id: UUID,
) -> None:
    """Turn the code the patient shows into a consent, before anything is looked up."""
    at, who = now(), request.practitioner
    arguments = redemption(
        cipher,
        options_on(rulebook, institution_code, at),
        person_id,
        institution_code,
        request.authorisation.code or "",
        by=(who.id if who else None) or institution_code,
        at=at,
    )
    try:
        await redeem_code(connection, arguments)
    except Problem as refused:
        raise CodeRefused(person_id, refused) from refused


def _visible_codes(rulebook: Rulebook, order: Order) -> list[str]:
    if not order.shows_anything:
        return []
    codes = wanted_codes(rulebook, order.items)
    return [code for code in codes if order.shows_sensitive or not rulebook.items[code].sensitive]


@dataclass(frozen=True, slots=True)
class Question:
    """An order check as a gateway hands it in. `used_token` must not have served before."""

    caller: Caller
    request: MatchRequest
    channel: str
    trace_id: str
    view: View
    used_token: UsedToken | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer, stored: as rules gave it, as contract §5 has it; and the region's reasons to decline."""

    answer: Answer
    document: Document
    decline_reasons: tuple[RegionalReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Footprint:
    """What one question leaves behind, all in one commit."""

    access: Access
    match: MatchRecord | None = None
    used_token: UsedToken | None = None


class FootprintStore(Protocol):
    """Makes footprints durable, many at once."""

    def coming(self) -> AbstractContextManager[None]:
        """Say that a question is being answered whose footprint follows."""

    async def store(self, footprint: Footprint) -> None:
        """Return when the footprint is durable."""


class OrderCheck:
    """Answers questions; each answer waits until its footprint is durable."""

    def __init__(
        self,
        pool: Any,
        rulebook: Callable[[], Rulebook],
        cipher: FieldCipher,
        footprints: FootprintStore,
    ) -> None:
        self._pool = pool
        self._rulebook = rulebook
        self._cipher = cipher
        self._footprints = footprints

    async def answer(self, question: Question) -> Answered:
        """Answer one question; raise `Problem` where it cannot be taken."""
        rulebook, request, asked_at = self._rulebook(), question.request, now()
        institution_code, at = question.caller.institution_code, request.at or asked_at
        replay = request.at is not None
        try:
            with self._footprints.coming():
                async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                    matched = await match(
                        connection, rulebook, self._cipher, institution_code, request, at, replay=replay
                    )
                recorded = matched.answer.has_candidate and (request.record or not replay)
                match_id = new_parent_id() if recorded else None
                footprint = _footprint(question, rulebook, matched, match_id, asked_at)
        except CodeRefused as wrong:
            await self._footprints.store(_footprint_of_refusal(question, wrong, asked_at))
            raise wrong.problem from wrong
        await self._footprints.store(footprint)
        document = present(rulebook, matched.order, matched.answer, match_id, question.view)
        options = options_on(rulebook, institution_code, at)
        return Answered(matched.answer, document, options.decline_reasons)


def _footprint_of_refusal(question: Question, wrong: CodeRefused, asked_at: datetime) -> Footprint:
    access = Access(
        at=asked_at,
        actor=question.caller.client_id,
        institution_code=question.caller.institution_code,
        action="recognition.code_refused",
        person_id=wrong.person_id,
        legal_basis="treatment",
        detail={"code": wrong.problem.code},
        trace_id=question.trace_id,
    )
    return Footprint(access, used_token=question.used_token)


def _footprint(
    question: Question, rulebook: Rulebook, matched: Matched, match_id: UUID | None, asked_at: datetime
) -> Footprint:
    request, person_id = question.request, matched.person_id
    access = Access(
        at=asked_at,
        actor=question.caller.client_id,
        institution_code=question.caller.institution_code,
        action="recognition.match",
        person_id=person_id,
        legal_basis=matched.sight.basis,
        detail=access_detail(match_id, len(matched.order.items), matched.sight),
        trace_id=question.trace_id,
    )
    if match_id is None or person_id is None:
        return Footprint(access, used_token=question.used_token)
    record = record_of(
        person_id,
        match_id,
        request,
        rulebook,
        matched.order,
        matched.answer,
        channel=question.channel,
        recorded_at=asked_at,
    )
    return Footprint(access, record, question.used_token)


async def record_matches(connection: Any, records: list[MatchRecord]) -> None:
    """Insert the rows of many matches, inside the caller's transaction."""
    keys = [record.key for record in records]
    matches = [record.match for record in records]
    items = [row for record in records for row in record.items]
    await insert_rows(connection, "recognition_matchkey", MATCH_KEY_COLUMNS, keys)
    await insert_rows(connection, "recognition_match", MATCH_COLUMNS, matches)
    await insert_rows(connection, "recognition_matchitem", MATCH_ITEM_COLUMNS, items)
