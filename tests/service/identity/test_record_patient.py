"""Linking: exact numbers that agree; everything else is asked, never assumed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import UUID, uuid4

import pytest
from django.db import connection
from people import RESIDENT_ID, record

from yijian.domains.identity.api import get_person_summary, list_open_reviews
from yijian.domains.identity.models import IdentifierKey, IdentityReview, Person, SourceRecord
from yijian.domains.identity.standing import Dispute, _find_open_review
from yijian.domains.identity.values import Certainty, Sex
from yijian.foundation.inbox.models import WorkItem
from yijian.kit.clock import now
from yijian.kit.ids import new_id

pytestmark = pytest.mark.django_db


def test_links_by_resident_number_across_institutions(known_person: UUID) -> None:
    linked = record("B", resident_id=RESIDENT_ID.lower(), local="B7")
    assert (linked.person_id, linked.certainty, linked.notes) == (known_person, Certainty.CERTAIN, ())
    assert record("B", local="B7").person_id == known_person
    assert SourceRecord.objects.filter(person_id=known_person).count() == 2


def test_links_fifteen_digit_number_to_its_eighteen_digit_form(known_person: UUID) -> None:
    assert record("B", resident_id="110105491231002").person_id == known_person


def test_keeps_institutions_local_numbers_apart(known_person: UUID) -> None:
    assert record("B", local="A1").person_id != known_person


def test_fills_blanks_from_the_number_and_never_overwrites(db: None) -> None:
    person_id = record("A", resident_id=RESIDENT_ID, name=None, sex=None, born=None).person_id
    summary = get_person_summary(person_id)
    assert (summary.name, summary.sex, summary.birth_date) == (None, Sex.FEMALE, date(1949, 12, 31))
    assert summary.resident_id_masked == "110105********002X"
    record("B", resident_id=RESIDENT_ID, name="王芳", phone="13800000000")
    record("C", resident_id=RESIDENT_ID, name="王 芳", phone="13900000000")
    assert get_person_summary(person_id).name == "王芳"
    assert set(IdentifierKey.objects.values_list("name", flat=True)) == {"王芳"}


def test_disagreeing_name_goes_to_review_and_is_never_linked(known_person: UUID) -> None:
    message_id = uuid4()
    linked = record("B", resident_id=RESIDENT_ID, local="B7", name="李娜", message_id=message_id)
    assert linked.certainty is Certainty.UNCERTAIN
    assert linked.person_id != known_person
    assert [note.kind for note in linked.notes] == ["identity_uncertain"]
    [review] = list_open_reviews("B")
    assert (review.holder.person_id, review.provisional.person_id) == (known_person, linked.person_id)
    assert review.disagreement == ("name",)
    assert review.described.name == "李娜"
    assert not review.provisional.certain
    item = WorkItem.objects.get()
    assert (item.kind, item.subject, item.message_id) == (
        "identity_uncertain",
        str(linked.review_id),
        message_id,
    )
    assert IdentifierKey.objects.get(kind="resident_id").disputed
    assert list_open_reviews("A") == []


def test_repeated_disagreement_is_asked_once(known_person: UUID) -> None:
    said = {"resident_id": RESIDENT_ID, "local": "B7", "name": "李娜"}
    first, second = record("B", **said), record("B", **said)
    without_local = record("B", resident_id=RESIDENT_ID, name="李娜")
    assert first.person_id == second.person_id == without_local.person_id
    assert first.review_id == second.review_id == without_local.review_id
    assert second.notes == ()
    assert record("B", local="B7", name="李娜").review_id == first.review_id
    assert len(list_open_reviews()) == 1


def test_every_waiting_report_has_its_work_item(known_person: UUID) -> None:
    said = {"resident_id": RESIDENT_ID, "local": "B7", "name": "李娜"}
    for report_id in (uuid4(), uuid4()):
        assert record("B", report_id=report_id, **said).notes
    assert WorkItem.objects.count() == 2


def test_disputed_number_needs_positive_agreement(known_person: UUID) -> None:
    record("B", resident_id=RESIDENT_ID, name="李娜")
    assert record("A", resident_id=RESIDENT_ID).certainty is Certainty.CERTAIN
    assert record("C", resident_id=RESIDENT_ID, born=None).certainty is Certainty.UNCERTAIN


def test_bad_check_digit_is_no_key(db: None) -> None:
    linked = record("A", resident_id="110105194912310021", local="A1")
    assert linked.certainty is Certainty.CERTAIN
    assert [note.kind for note in linked.notes] == ["identity_bad_number"]
    assert list(IdentifierKey.objects.values_list("kind", flat=True)) == ["local"]
    assert record("A", local="A1").person_id == linked.person_id
    record("A", resident_id=RESIDENT_ID, local="A1")
    assert WorkItem.objects.get().resolution == "valid_number_came"


def test_bad_number_alone_makes_a_stand_in(db: None) -> None:
    linked = record("A", resident_id="000000000000000000")
    assert linked.certainty is Certainty.UNCERTAIN
    assert [note.kind for note in linked.notes] == ["identity_bad_number"]
    assert not IdentifierKey.objects.exists()
    assert Person.objects.get().provisional


def test_number_that_contradicts_its_description_is_asked(db: None) -> None:
    linked = record("A", resident_id=RESIDENT_ID, local="A1", sex=Sex.MALE)
    assert linked.certainty is Certainty.UNCERTAIN
    [review] = list_open_reviews("A")
    assert review.holder.person_id == review.provisional.person_id == linked.person_id
    assert review.disagreement == ("sex",)
    assert list(IdentifierKey.objects.values_list("kind", flat=True)) == ["local"]
    assert record("B", resident_id=RESIDENT_ID).certainty is Certainty.CERTAIN


def test_second_resident_number_of_a_person_is_asked(known_person: UUID) -> None:
    linked = record("A", resident_id="110105194912310046", local="A1")
    assert linked.certainty is Certainty.UNCERTAIN
    assert linked.person_id != known_person
    assert list_open_reviews("A")[0].disagreement == ("resident_id",)


def test_own_record_and_resident_number_of_two_persons_are_asked_about(known_person: UUID) -> None:
    alone = record("B", local="B7")
    linked = record("B", resident_id=RESIDENT_ID, local="B7")
    assert (linked.person_id, linked.certainty) == (alone.person_id, Certainty.UNCERTAIN)
    [review] = list_open_reviews("B")
    assert (review.holder.person_id, review.disagreement) == (known_person, ("local",))
    assert record("A", local="A1").certainty is Certainty.CERTAIN


def test_institution_corrects_what_only_it_told(known_person: UUID) -> None:
    linked = record("A", resident_id=RESIDENT_ID, local="A1", name="王方", update=True)
    assert (linked.person_id, linked.certainty) == (known_person, Certainty.CERTAIN)
    assert set(IdentifierKey.objects.values_list("name", flat=True)) == {"王方"}
    assert record("B", resident_id=RESIDENT_ID, name="王方").certainty is Certainty.CERTAIN


def test_correction_of_what_others_told_too_is_asked(known_person: UUID) -> None:
    record("B", resident_id=RESIDENT_ID)
    linked = record("A", resident_id=RESIDENT_ID, local="A1", name="王方", update=True)
    assert linked.certainty is Certainty.UNCERTAIN
    assert get_person_summary(known_person).name == "王芳"


def test_correction_against_the_resident_number_is_asked(known_person: UUID) -> None:
    linked = record("A", local="A1", born=date(1950, 1, 1), update=True)
    assert linked.certainty is Certainty.UNCERTAIN
    assert get_person_summary(known_person).birth_date == date(1949, 12, 31)


@pytest.mark.django_db(transaction=True)
def test_a_new_person_from_many_threads_is_one_person() -> None:
    def arrive(number: int) -> UUID:
        try:
            return record("A" if number % 2 else "B", resident_id=RESIDENT_ID, local=f"N{number}").person_id
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        persons = set(threads.map(arrive, range(8)))
    assert len(persons) == 1
    assert Person.objects.count() == 1
    assert IdentifierKey.objects.count() == 9


def test_keeps_no_number_in_clear(known_person: UUID) -> None:
    local = "B7-20260302-0042"  # long enough to stand in no digest by chance
    record("B", resident_id=RESIDENT_ID, local=local, name="李娜", phone="13800000000")
    with connection.cursor() as cursor:
        for table in ("person", "identifierkey", "sourcerecord", "identityreview"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM identity_{table} AS t")  # noqa: S608
            text = cursor.fetchone()[0]
            for secret in (RESIDENT_ID, "13800000000", local):
                assert secret not in text
                assert secret.encode().hex() not in text


def test_of_questions_asked_in_one_instant_the_first_stays_the_first(known_person: UUID) -> None:
    person, at = Person.objects.get(person_id=known_person), now()
    first, *_ = [
        IdentityReview.objects.create(
            review_id=new_id(),
            institution_code="A",
            digest=b"d",
            holder_id=known_person,
            provisional_id=known_person,
            described=b"",
            opened_at=at,
        ).review_id
        for _ in range(3)
    ]
    IdentityReview.objects.filter(review_id=first).update(digest=b"e")  # now it lies behind the others
    found = _find_open_review(person, Dispute(b"d", known_person))
    assert found is not None
    assert found.review_id == first
