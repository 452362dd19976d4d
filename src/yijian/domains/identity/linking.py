"""The three plain ways onto a record: to a known person, to a new one, to a stand-in without any number."""

from collections.abc import Collection

from yijian.domains.identity.bad_numbers import settle_bad_numbers
from yijian.domains.identity.index import Index, Known
from yijian.domains.identity.models import Person
from yijian.domains.identity.records import Case, complete_person, new_person, source_record
from yijian.domains.identity.rules import UsableNumber
from yijian.domains.identity.values import Certainty, Linked

__all__ = ["link_known", "link_new", "link_without_number"]


def link_known(
    case: Case, index: Index, known: Known, person: Person, *, without: Collection[UsableNumber] = ()
) -> Linked:
    """Link to a known person, who learns the numbers it did not have, save those `without`."""
    new = [n for n in case.numbers if not known.knows(n) and n not in without]
    complete_person(person, case, index, [n for n in case.numbers if n not in without])
    index.add_numbers(new, person.person_id, person, at=case.at)
    index.add_source(source_record(case, person.person_id))
    if new:
        settle_bad_numbers(case, new)
    return Linked(person_id=person.person_id, certainty=Certainty.CERTAIN)


def link_new(case: Case, index: Index) -> Linked:
    """Link to a new person."""
    person = new_person(case, case.numbers, provisional=False)
    index.add_person(person)
    index.add_numbers(case.numbers, person.person_id, person, at=case.at)
    index.add_source(source_record(case, person.person_id))
    return Linked(person_id=person.person_id, certainty=Certainty.CERTAIN)


def link_without_number(case: Case, index: Index) -> Linked:
    """Link to a stand-in that no number leads to; it lasts until the institution gives one."""
    person = new_person(case, (), provisional=True)
    index.add_person(person)
    return Linked(person_id=person.person_id, certainty=Certainty.UNCERTAIN)
