"""The only synchronous door to persons: link a description, settle a doubt, look somebody up."""

from yijian.domains.identity.cipher import mask
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
from yijian.domains.identity.services import absorb_stand_in, record_patient, settle_review
from yijian.domains.identity.standing import current_person_id

__all__ = [
    "absorb_stand_in",
    "current_person_id",
    "describe_person",
    "find_person_by_number",
    "get_birth_date",
    "get_person_summary",
    "list_open_reviews",
    "list_sources",
    "mask",
    "may",
    "record_patient",
    "resolve_patient",
    "search_people",
    "settle_review",
]
