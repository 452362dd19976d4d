"""The three plain ways onto a record: to a known person, to a new one, to a stand-in without any number."""

from collections.abc import Collection

from yijian.domains.identity.bad_numbers import settle_bad_numbers
from yijian.domains.identity.index import Known, register_numbers
from yijian.domains.identity.models import Person
from yijian.domains.identity.records import Case, complete_person, create_person, record_source
from yijian.domains.identity.rules import UsableNumber
from yijian.domains.identity.values import Certainty, Linked

__all__ = ["link_known", "link_new", "link_without_number"]


def link_known(case: Case, known: Known, person: Person, *, without: Collection[UsableNumber] = ()) -> Linked:
    """Link to a known person, who learns the numbers it did not have, save those `without`."""
    new = [n for n in case.numbers if not known.knows(n) and n not in without]
    complete_person(person, case, [n for n in case.numbers if n not in without])
    register_numbers(new, person.person_id, person, at=case.at)
    record_source(case, person.person_id)
    if new:
        settle_bad_numbers(case, new)
    return Linked(person_id=person.person_id, certainty=Certainty.CERTAIN)


def link_new(case: Case) -> Linked:
    """Link to a new person; raise `NumberTaken` where another writer was faster."""
    person = create_person(case, case.numbers, provisional=False)
    register_numbers(case.numbers, person.person_id, person, at=case.at)
    record_source(case, person.person_id)
    return Linked(person_id=person.person_id, certainty=Certainty.CERTAIN)


def link_without_number(case: Case) -> Linked:
    """Link to a stand-in that no number leads to; it lasts until the institution gives one."""
    person = create_person(case, (), provisional=True)
    return Linked(person_id=person.person_id, certainty=Certainty.UNCERTAIN)
