"""The only synchronous door to persons: link a description, settle a doubt, look somebody up."""

from yijian.domains.identity.cipher import field_cipher, mask
from yijian.domains.identity.policy import may
from yijian.domains.identity.queries import (
    describe_person,
    find_person_by_number,
    get_birth_date,
    get_person_summary,
    list_open_reviews,
    list_sources,
    resolve_patient,
    search_people,
)
from yijian.domains.identity.services import (
    Case,
    absorb_stand_in,
    case_of,
    record_patient,
    record_patients,
    settle_review,
)
from yijian.domains.identity.standing import current_person_id

__all__ = [
    "Case",
    "absorb_stand_in",
    "case_of",
    "current_person_id",
    "describe_person",
    "field_cipher",
    "find_person_by_number",
    "get_birth_date",
    "get_person_summary",
    "list_open_reviews",
    "list_sources",
    "mask",
    "may",
    "record_patient",
    "record_patients",
    "resolve_patient",
    "search_people",
    "settle_review",
]
