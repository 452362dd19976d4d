"""The control plane's door to the patient's will: what may be shown, and every way to change that."""

from datetime import datetime
from typing import Any

import msgspec

from yijian.domains.consent.documents import MAX_DOCUMENT
from yijian.domains.consent.policy import may
from yijian.domains.consent.queries import (
    EVERYTHING_ALLOWED,
    GivenConsent,
    MadeObjection,
    MadeOpening,
    count_reviews,
    find_patient_of,
    get_document,
    get_opening,
    get_sight,
    hidden_codes,
    list_consents,
    list_objections,
    list_openings,
    list_reviews,
    options_of,
)
from yijian.domains.consent.rules import is_child
from yijian.domains.consent.services.codes import MadeCode, make_code
from yijian.domains.consent.services.consents import (
    Given,
    Recorder,
    record_consent,
    redeem_code,
    require_code,
    withdraw_consents,
)
from yijian.domains.consent.services.emergencies import break_glass, review_opening
from yijian.domains.consent.services.move import move_will
from yijian.domains.consent.services.objections import Paper, lift_objection, record_objection
from yijian.domains.identity.events import PersonMoved

__all__ = [
    "EVERYTHING_ALLOWED",
    "MAX_DOCUMENT",
    "Given",
    "GivenConsent",
    "MadeCode",
    "MadeObjection",
    "MadeOpening",
    "Paper",
    "Recorder",
    "break_glass",
    "count_reviews",
    "find_patient_of",
    "get_document",
    "get_opening",
    "get_sight",
    "hidden_codes",
    "is_child",
    "lift_objection",
    "list_consents",
    "list_objections",
    "list_openings",
    "list_reviews",
    "make_code",
    "may",
    "on_person_moved",
    "options_of",
    "record_consent",
    "record_objection",
    "redeem_code",
    "require_code",
    "review_opening",
    "withdraw_consents",
]


def on_person_moved(body: dict[str, Any], _occurred_at: datetime) -> None:
    """Handle the event `PersonMoved` of identity: the will follows."""
    event = msgspec.convert(body, PersonMoved)
    move_will(event.from_id, event.to_id)
