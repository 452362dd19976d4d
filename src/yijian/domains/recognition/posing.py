"""A question with all that rules may know of it, for whoever decides it: now, again, or to explain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from yijian.domains.consent.values import Authorisation, Basis, Sight
from yijian.domains.identity.values import EncounterType, PatientDescription
from yijian.domains.recognition.answered import ANSWERED, answered_arguments, answered_codes
from yijian.domains.recognition.candidates import candidates_of
from yijian.domains.recognition.models import Match
from yijian.domains.recognition.seeing import options_on, see
from yijian.domains.recognition.values import Candidate, MatchRequest, Order, Purpose, RequestedItem
from yijian.domains.results.values import Encounter
from yijian.domains.sharing.values import Rulebook
from yijian.foundation.database.sync import fetch

__all__ = ["Posed", "pose", "recorded_claim", "recorded_request"]


@dataclass(frozen=True, slots=True)
class Posed:
    """What `decide` takes, and what may be seen of the patient."""

    order: Order
    candidates: tuple[Candidate, ...]
    sight: Sight


def pose(
    rulebook: Rulebook,
    order: Order,
    request: MatchRequest,
    person_id: UUID | None,
    birth_date: date | None,
    at: datetime,
    rows: Sequence[Mapping[str, Any]],
    *,
    claimed_at: datetime | None = None,
) -> Posed:
    """Add to an order what the patient's rows tell: interventions, the will, what was answered before.

    `at`: the moment whose rules of seeing count, where that is not the order's own; then `claimed_at` is when
    the order claimed what the patient allows.
    """
    code = order.institution_code
    sight, seen = see(rulebook, code, request, birth_date, at, rows, claimed_at=claimed_at)
    candidates, interventions = candidates_of(seen)
    known = order.knowing(interventions, sight)
    asked = answered_arguments(options_on(rulebook, code, order.at), code, request, person_id, order.at)
    if asked and rows:
        known = replace(known, answered=answered_codes(fetch(ANSWERED, *asked)))
    return Posed(known, candidates, sight)


def recorded_claim(match: Match) -> Authorisation:
    """Return what a match claimed of the patient's will: where it saw everything, somebody's consent."""
    if not match.authorised_sensitive:
        return Authorisation()
    return Authorisation(basis=Basis.GUARDIAN_CONSENT, scope="all", given_by=str(match.match_id))


def recorded_request(match: Match, codes: Sequence[str]) -> MatchRequest:
    """Return a question as far as it was recorded.

    A side or site that only the orderer's own code said is not known any more.
    """
    return MatchRequest(
        patient=PatientDescription(),
        encounter=Encounter(type=EncounterType(match.encounter_type), number=match.encounter_no or None),
        items=tuple(RequestedItem(system="item", code=code) for code in codes),
        authorisation=recorded_claim(match),
        purpose=Purpose(match.purpose),
    )
