"""The two sides of a doubt about a person, line by line, with what differs marked."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from yijian.domains.identity.api import list_sources, mask
from yijian.domains.identity.values import (
    IdentifierType,
    OpenReview,
    PatientDescription,
    PersonSource,
)
from yijian.kit import resident_id
from yijian.web import words

__all__ = ["Comparison", "Line", "compare"]

ABSENT = "–"
SHORTEST_MASKED = 15


class Line(NamedTuple):
    """One fact as each side has it."""

    name: Promise | str
    said: str
    known: str
    differs: bool


class Comparison(NamedTuple):
    """`contradicts_itself`: the number the sender gave says another sex or birth date than the sender."""

    review: OpenReview
    lines: list[Line]
    sources: list[PersonSource]
    contradicts_itself: bool


def compare(review: OpenReview) -> Comparison:
    """Lay a review out: what the sender said, and who holds the number; or what that number itself says."""
    itself = review.holder.person_id == review.provisional.person_id
    lines = _against_number(review) if itself else _against_holder(review)
    sources = [] if itself else list_sources(review.holder.person_id)
    return Comparison(review, lines, sources, itself)


def _against_holder(review: OpenReview) -> list[Line]:
    said, holder, differing = review.described, review.holder, set(review.disagreement)
    return [
        Line(_("姓名"), said.name or ABSENT, holder.name or ABSENT, "name" in differing),
        Line(_("性别"), _sex(said.sex), _sex(holder.sex), "sex" in differing),
        Line(_("出生日期"), _text(said.birth_date), _text(holder.birth_date), "birth_date" in differing),
        Line(
            _("身份证号"),
            _number(said, IdentifierType.RESIDENT_ID),
            holder.resident_id_masked or ABSENT,
            "resident_id" in differing,
        ),
        Line(_("院内号"), _number(said, IdentifierType.LOCAL), ABSENT, "local" in differing),
    ]


def _against_number(review: OpenReview) -> list[Line]:
    """Read the number itself: it tells a sex and a birth date, never a name."""
    said = review.described
    number = resident_id.parse(_value_of(said, IdentifierType.RESIDENT_ID) or "")
    sex, born = (number.sex, number.birth_date) if number else (None, None)
    masked = _number(said, IdentifierType.RESIDENT_ID)
    return [
        Line(_("姓名"), said.name or ABSENT, ABSENT, False),
        Line(_("性别"), _sex(said.sex), _sex(sex), bool(sex and said.sex and said.sex != sex)),
        Line(_("出生日期"), _text(said.birth_date), _text(born), bool(born and said.birth_date != born)),
        Line(_("身份证号"), masked, masked, False),
    ]


def _sex(code: str | None) -> str:
    return str(words.SEXES.get(code, code)) if code else ABSENT


def _text(value: object) -> str:
    return str(value) if value else ABSENT


def _value_of(said: PatientDescription, kind: IdentifierType) -> str | None:
    return next((number.value for number in said.identifiers if number.type is kind), None)


def _number(said: PatientDescription, kind: IdentifierType) -> str:
    """Return a number as it may be shown: an institution's own whole, a citizen's masked."""
    number = _value_of(said, kind)
    if number is None or kind is IdentifierType.LOCAL:
        return number or ABSENT
    return mask(number) if len(number) >= SHORTEST_MASKED else "*" * len(number)
