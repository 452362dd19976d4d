"""Reviews: a person says whether the stand-in is the holder, once."""

from uuid import UUID, uuid4

import pytest
from people import AT, RESIDENT_ID, record

from yijian.domains.identity.api import (
    current_person_id,
    find_person_by_number,
    get_person_summary,
    list_open_reviews,
    resolve_patient,
    search_people,
    settle_review,
)
from yijian.domains.identity.models import IdentifierKey, Person, SourceRecord
from yijian.domains.identity.values import Certainty, Identifier, IdentifierType, Linked, Sex
from yijian.foundation.inbox.models import InboxMessage, WorkItem
from yijian.foundation.outbox.models import OutboxEvent
from yijian.kit.errors import Problem

pytestmark = pytest.mark.django_db
MISSPELT = {"resident_id": RESIDENT_ID, "local": "B7", "name": "李娜"}


def settle(linked: Linked, verdict: str) -> None:
    assert linked.review_id
    settle_review(linked.review_id, verdict, by="clerk", at=AT)  # type: ignore[arg-type]


def test_same_unites_the_stand_in_with_the_holder(known_person: UUID) -> None:
    linked = record("B", **MISSPELT)
    settle(linked, "same")
    assert current_person_id(linked.person_id) == known_person
    assert get_person_summary(linked.person_id).person_id == known_person
    assert list_open_reviews() == []
    assert set(IdentifierKey.objects.values_list("person_id", "disputed", "provisional")) == {
        (known_person, False, False)
    }
    assert set(SourceRecord.objects.values_list("person_id", flat=True)) == {known_person}
    event = OutboxEvent.objects.get()
    assert (event.name, event.body) == (
        "PersonMoved",
        {"from_id": str(linked.person_id), "to_id": str(known_person)},
    )
    item = WorkItem.objects.get()
    assert (item.resolution, item.resolved_by) == ("same", "clerk")


def test_settled_name_is_not_asked_about_again(known_person: UUID) -> None:
    settle(record("B", **MISSPELT), "same")
    again = record("B", **MISSPELT)
    assert (again.person_id, again.certainty, again.notes) == (known_person, Certainty.CERTAIN, ())
    without_local = record("B", resident_id=RESIDENT_ID, name="李娜")
    assert (without_local.person_id, without_local.certainty) == (known_person, Certainty.CERTAIN)
    assert get_person_summary(known_person).name == "王芳"
    assert record("C", resident_id=RESIDENT_ID, name="李娜").certainty is Certainty.UNCERTAIN


def test_settled_name_also_answers_a_question_at_ordering(known_person: UUID) -> None:
    from people import describe  # noqa: PLC0415

    assert resolve_patient(describe(**MISSPELT), "B").certainty is Certainty.UNCERTAIN
    settle(record("B", **MISSPELT), "same")
    resolution = resolve_patient(describe(**MISSPELT), "B")
    assert (resolution.person_id, resolution.certainty) == (known_person, Certainty.CERTAIN)


def test_different_lets_the_stand_in_stand_by_itself(known_person: UUID) -> None:
    linked = record("B", **MISSPELT)
    settle(linked, "different")
    assert get_person_summary(linked.person_id).certain
    assert not IdentifierKey.objects.filter(disputed=True).exists()
    assert not OutboxEvent.objects.exists()
    again = record("B", **MISSPELT)
    assert (again.person_id, again.certainty) == (linked.person_id, Certainty.CERTAIN)
    assert record("B", local="B7", name="李娜").person_id == linked.person_id
    assert record("A", resident_id=RESIDENT_ID).person_id == known_person


def test_same_about_a_contradicting_number_registers_it(db: None) -> None:
    linked = record("A", resident_id=RESIDENT_ID, local="A1", sex=Sex.MALE)
    settle(linked, "same")
    assert find_person_by_number(Identifier(type=IdentifierType.RESIDENT_ID, value=RESIDENT_ID), "A")
    again = record("A", resident_id=RESIDENT_ID, local="A1", sex=Sex.MALE)
    assert (again.person_id, again.certainty) == (linked.person_id, Certainty.CERTAIN)


def test_different_about_a_contradicting_number_keeps_it_out(db: None) -> None:
    linked = record("A", resident_id=RESIDENT_ID, local="A1", sex=Sex.MALE)
    settle(linked, "different")
    again = record("A", resident_id=RESIDENT_ID, local="A1", sex=Sex.MALE)
    assert (again.person_id, again.certainty) == (linked.person_id, Certainty.CERTAIN)
    assert find_person_by_number(Identifier(type=IdentifierType.RESIDENT_ID, value=RESIDENT_ID), "A") is None


def test_dispute_stays_while_another_review_asks(known_person: UUID) -> None:
    first, second = record("B", **MISSPELT), record("C", resident_id=RESIDENT_ID, name="张敏")
    settle(first, "different")
    assert IdentifierKey.objects.filter(disputed=True).exists()
    settle(second, "same")
    assert not IdentifierKey.objects.filter(disputed=True).exists()


def test_review_of_a_stand_in_follows_it_to_its_holder(known_person: UUID) -> None:
    first = record("B", resident_id=RESIDENT_ID, local="B7", name="李娜")
    second = record("B", local="B7", name="张敏")
    assert first.person_id != second.person_id
    settle(first, "same")
    [review] = list_open_reviews("B")
    assert (review.holder.person_id, review.provisional.person_id) == (known_person, second.person_id)


def test_two_own_records_become_one(known_person: UUID) -> None:
    alone = record("B", local="B7")
    settle(record("B", resident_id=RESIDENT_ID, local="B7"), "same")
    assert current_person_id(alone.person_id) == known_person
    assert record("B", resident_id=RESIDENT_ID, local="B7").certainty is Certainty.CERTAIN


def test_same_verdict_again_changes_nothing_and_another_is_refused(known_person: UUID) -> None:
    linked = record("B", **MISSPELT)
    settle(linked, "same")
    settle(linked, "same")
    with pytest.raises(Problem) as refused:
        settle(linked, "different")
    assert (refused.value.code, refused.value.status) == ("identity.review_closed", 409)
    assert OutboxEvent.objects.count() == 1
    with pytest.raises(Problem) as unknown:
        settle_review(uuid4(), "same", by="clerk", at=AT)
    assert unknown.value.status == 404


def test_message_that_waited_for_nothing_else_is_recorded(known_person: UUID) -> None:
    message_id = uuid4()
    InboxMessage.objects.create(
        message_id=message_id,
        received_at=AT,
        protocol="hl7",
        institution_code="B",
        lane=0,
        raw=b"",
        digest=b"",
        state="waiting",
    )
    settle(record("B", message_id=message_id, **MISSPELT), "same")
    assert InboxMessage.objects.get().state == "recorded"


def test_correction_of_the_stand_in_stays_on_it(known_person: UUID) -> None:
    linked = record("B", **MISSPELT)
    corrected = record("B", resident_id=RESIDENT_ID, local="B7", update=True)
    assert (corrected.person_id, corrected.review_id) == (linked.person_id, linked.review_id)
    assert get_person_summary(linked.person_id).name == "王芳"


def test_search_finds_by_number_then_by_exact_name(known_person: UUID) -> None:
    found = search_people(RESIDENT_ID.lower(), "B")
    assert [person.person_id for person in found] == [known_person]
    assert found[0].resident_id_masked == "110105********002X"
    assert [person.person_id for person in search_people("A1", "A")] == [known_person]
    assert search_people("A1", "B") == []
    assert [person.person_id for person in search_people(" 王芳 ", "B")] == [known_person]
    assert search_people("王", "B") == []
    assert search_people("", "B") == []


def test_search_does_not_find_who_was_moved(known_person: UUID) -> None:
    record("B", local="B7")
    settle(record("B", resident_id=RESIDENT_ID, local="B7"), "same")
    assert Person.objects.count() == 2
    assert len(search_people("王芳", "B")) == 1
