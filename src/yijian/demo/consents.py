"""What some of the demo's patients want: accounts, consents, a withdrawal, a no; an emergency to judge."""

import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from yijian.demo.stories import Story
from yijian.domains.consent import api as consent
from yijian.domains.consent.models import BreakGlass, Consent, Objection, PatientAccount
from yijian.domains.consent.values import Category, ObjectionKind, Way
from yijian.domains.identity.api import find_person_by_number
from yijian.domains.identity.values import Identifier, IdentifierType
from yijian.foundation.accounts.models import Role, User
from yijian.kit.clock import now

__all__ = ["issue_patients", "record_wills"]

PASSWORD_BYTES = 12
MINGDE, CHUYUAN, XILING = "42010201", "42010601", "42050201"
SIGNED = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
"""An empty sheet: what a scanner would have made of the signed form."""


def issue_patients(stories: Sequence[Story]) -> list[dict[str, str]]:
    """Give the patients of some stories an account; return the passwords, which are kept as digests."""
    found = {story.code: story for story in reversed(stories) if story.code in WILLS}
    return [_issue(code, found[code]) for code in WILLS if code in found]


@transaction.atomic
def _issue(code: str, story: Story) -> dict[str, str]:
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    account, _ = User.objects.update_or_create(
        username=f"patient.{code}",
        defaults={
            "password": make_password(password),
            "role": Role.PATIENT,
            "display_name": story.resident.name,
            "is_active": True,
        },
    )
    PatientAccount.objects.update_or_create(user=account, defaults={"person_id": _person_of(story)})
    return {
        "role": Role.PATIENT.value,
        "institution_code": "",
        "username": account.username,
        "password": password,
        "resident_id": story.resident.resident_id,
    }


def record_wills(stories: Sequence[Story]) -> None:
    """Record what these patients want, once."""
    for story in stories:
        person_id = _person_of(story) if story.code in WILLS else None
        if person_id is not None and not _spoken(person_id):
            WILLS[story.code](story, person_id)


def _spoken(person_id: UUID) -> bool:
    facts = (Consent, Objection, BreakGlass)
    return any(fact._default_manager.filter(person_id=person_id).exists() for fact in facts)


def _person_of(story: Story) -> UUID:
    number = Identifier(type=IdentifierType.RESIDENT_ID, value=story.resident.resident_id)
    person = find_person_by_number(number, story.trial.institution_code)
    if person is None:
        raise LookupError(f"the patient of the story {story.code} is not there yet")
    return person.person_id


def _desk(institution_code: str, actor: str) -> consent.Recorder:
    options = consent.options_of(institution_code, now())
    if options is None:
        raise LookupError(f"{institution_code} is not in the directory")
    return consent.Recorder(actor, institution_code, options)


def _sign(story: Story, person_id: UUID) -> UUID:
    given = consent.Given(
        Way.SIGNED_FORM,
        "non_sensitive",
        given_at=now() - timedelta(days=3),
        institution_code=CHUYUAN,
        document=SIGNED,
    )
    desk = _desk(CHUYUAN, "doctor.chuyuan")
    return consent.record_consent(person_id, story.resident.birth_date, given, desk, at=now())


def _consents(story: Story, person_id: UUID) -> None:
    _sign(story, person_id)


def _withdraws(story: Story, person_id: UUID) -> None:
    _sign(story, person_id)
    consent.withdraw_consents(person_id, by="patient.unit_converted", at=now())


def _objects(_story: Story, person_id: UUID) -> None:
    consent.record_objection(
        person_id, ObjectionKind.INSTITUTION, by="patient.corrected", at=now(), institution_code=XILING
    )


def _was_rescued(_story: Story, person_id: UUID) -> None:
    reason = "急性胸痛伴意识模糊送抢救室，家属未到，须了解既往检验结果。"
    consent.break_glass(
        person_id, Category.RESCUE, reason, _desk(MINGDE, "doctor.mingde"), at=now() - timedelta(hours=2)
    )


WILLS: dict[str, Callable[[Story, UUID], Any]] = {
    "recognised": _consents,
    "unit_converted": _withdraws,
    "corrected": _objects,
    "emergency": _was_rescued,
}
"""By story; none of it changes what the story's trial answers."""
