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

__all__ = ["Posed", "pose", "recorded_request"]


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
) -> Posed:
    """Add to an order what the patient's rows tell: interventions, the will, what was answered before."""
    code = order.institution_code
    sight, seen = see(rulebook, code, request, birth_date, at, rows)
    candidates, interventions = candidates_of(seen)
    known = order.knowing(interventions, sight)
    asked = answered_arguments(options_on(rulebook, code, at), code, request, person_id, at)
    if asked and rows:
        known = replace(known, answered=answered_codes(fetch(ANSWERED, *asked)))
    return Posed(known, candidates, sight)


def recorded_request(match: Match, codes: Sequence[str]) -> MatchRequest:
    """Return a question as far as it was recorded; sensitive results were covered by a consent then.

    A side or site that only the orderer's own code said is not known any more.
    """
    consent = Authorisation(basis=Basis.PATIENT_CONSENT, scope="all")
    return MatchRequest(
        patient=PatientDescription(),
        encounter=Encounter(type=EncounterType(match.encounter_type), number=match.encounter_no or None),
        items=tuple(RequestedItem(system="item", code=code) for code in codes),
        authorisation=consent if match.authorised_sensitive else Authorisation(),
        purpose=Purpose(match.purpose),
    )
