"""Doubts about who is who, settled by a person."""

import pytest

from tests.service.region import CITY, COUNTY, TOWN, patient, resident_id
from tests.service.web.desk import page, record, signed_in_as
from yijian.domains.identity.models import IdentityReview, Person
from yijian.foundation.accounts.models import Role
from yijian.foundation.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


def raise_a_doubt(institution: str = COUNTY) -> IdentityReview:
    """Let an institution describe somebody else under a number that CITY knows."""
    record(CITY)
    record(institution, report_no="L9", patient=patient(name="李伟", birth_date="1985-03-17"))
    return IdentityReview.objects.get()


def test_review_shows_both_sides_with_masked_numbers_and_is_audited() -> None:
    review = raise_a_doubt()

    shown = page(signed_in_as(Role.INTEGRATOR), "/identity/reviews/")

    assert ">李伟<" in shown
    assert ">张伟<" in shown
    assert "市第一医院" in shown
    assert resident_id() not in shown
    assert f"{resident_id()[:6]}********{resident_id()[-4:]}" in shown
    assert shown.count('class="differs"') == len(review.disagreement) > 0
    entry = AuditEntry.objects.get(action="web.identity_review")
    assert entry.person_id == review.holder_id


@pytest.mark.parametrize(("verdict", "united"), [("same", True), ("different", False)])
def test_verdict_unites_or_parts(verdict: str, united: bool) -> None:
    review = raise_a_doubt()
    integrator = signed_in_as(Role.INTEGRATOR)

    integrator.post(f"/identity/reviews/{review.review_id}/settle", {"verdict": verdict})

    stand_in = Person.objects.get(person_id=review.provisional_id)
    assert (stand_in.moved_to == review.holder_id) is united
    assert not stand_in.provisional
    assert "没有待核对的身份" in page(integrator, "/identity/reviews/")
    assert AuditEntry.objects.get(action="web.identity_settled").detail["verdict"] == verdict


def test_nobody_settles_another_institutions_doubt() -> None:
    review = raise_a_doubt()
    outsider = signed_in_as(Role.INTEGRATOR, TOWN)

    assert "李伟" not in page(outsider, "/identity/reviews/")
    outsider.post(f"/identity/reviews/{review.review_id}/settle", {"verdict": "same"})

    assert IdentityReview.objects.get().state == "open"


def test_number_that_contradicts_its_own_description_is_read_aloud() -> None:
    record(COUNTY, patient=patient(sex="female"))

    shown = page(signed_in_as(Role.INTEGRATOR), "/identity/reviews/")

    assert "身份证号与本人信息不符" in shown
    assert "号码是本人的" in shown
