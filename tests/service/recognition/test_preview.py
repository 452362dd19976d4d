"""What a draft of the rules would have changed for recorded matches."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.service.recognition.test_loop import decide, match, record
from tests.service.region import CITY, COUNTY, TOWN, make_region
from yijian.domains.consent import api as consent
from yijian.domains.consent.values import Category, Way
from yijian.domains.recognition import api
from yijian.domains.recognition.models import MatchItem
from yijian.domains.sharing import api as sharing
from yijian.domains.sharing.values import (
    Agreement,
    AuthorisationPolicy,
    RegionOptions,
    Scope,
    ScopeKind,
    Window,
)
from yijian.foundation.audit.models import AuditEntry
from yijian.kit.clock import CHINA, now

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


def provincial(**changes: object) -> Agreement:
    found = next(each for each in sharing.get_rulebook().agreements if each.code == "HB")
    return replace(found, effective_from=now().astimezone(CHINA).date() + timedelta(days=30), **changes)  # type: ignore[arg-type]


def options(**changes: object) -> RegionOptions:
    return RegionOptions(Scope(ScopeKind.PROVINCE, "42"), 1, now().date(), source="测试", **changes)  # type: ignore[arg-type]


def preview(draft: Agreement | RegionOptions, **changes: int) -> api.Preview:
    since, until = now() - timedelta(days=30), now() + timedelta(minutes=1)
    return api.preview_version(draft, since, until, by="张某", **changes)


def test_counts_what_a_shorter_window_takes_away() -> None:
    record()
    document = match()
    found = preview(provincial(windows=(Window(1),)))
    assert (found.matches, found.looked_at, found.items, found.every) == (1, 1, 1, 1)
    assert found.changes == {("recognise", "not_recognisable"): 1}
    assert found.by_institution == {COUNTY: 1}
    assert found.by_item == {"K": 1}
    (example,) = found.examples
    assert (example.match_id, example.reasons) == (document["match_id"], ("window.expired",))


def test_nothing_changes_by_the_same_rules_and_nothing_recorded_is_touched() -> None:
    record()
    match()
    before = list(MatchItem.objects.values())
    found = preview(provincial())
    assert not found.changes
    preview(provincial(windows=(Window(1),)))
    assert list(MatchItem.objects.values()) == before


def test_a_reminder_that_becomes_silent_is_a_change() -> None:
    record(institution=COUNTY)
    match()
    found = preview(options(same_institution_reminders=False))
    assert list(found.changes) == [("recognise", "recognise_silent")]


def test_answered_before_in_the_encounter_counts_as_it_stood_then() -> None:
    record()
    first = match(encounter={"type": "outpatient", "number": "E1"})
    decide(first)
    match(encounter={"type": "outpatient", "number": "E1"})
    found = preview(options(suppress_answered_in_encounter=True))
    assert found.changes == {("recognise", "recognise_silent"): 1}


def test_consent_asked_for_hides_what_others_hold() -> None:
    record()
    match()
    found = preview(options(authorisation=AuthorisationPolicy.CONSENT))
    assert found.changes == {("recognise", "none"): 1}


def test_the_will_counts_as_it_stood_when_the_match_was_made() -> None:
    """What was allowed, taken back or broken open since changes nothing of last month."""
    needs = options(authorisation=AuthorisationPolicy.CONSENT)
    recorder = consent.Recorder("tester", COUNTY, needs)
    given = consent.Given(way=Way.SIGNED_FORM, document=b"%PDF-1.7 signed")
    record()
    before = api.get_match(UUID(match()["match_id"]))
    consent.record_consent(before.person_id, None, given, recorder, at=now())
    match()
    consent.withdraw_consents(before.person_id, by="patient", at=now())
    match()
    consent.break_glass(before.person_id, Category.RESCUE, "昏迷，家属不在场", recorder, at=now())
    found = preview(needs)
    assert (found.items, found.changes) == (3, {("recognise", "none"): 2})


def test_only_institutions_the_draft_concerns_are_looked_at() -> None:
    record()
    match()
    elsewhere = replace(options(break_glass=False), scope=Scope(ScopeKind.CITY, "4205"))
    assert preview(elsewhere).matches == 0


def test_takes_a_sample_of_many_and_says_so() -> None:
    record()
    for _ in range(12):
        match()
    found = preview(provincial(windows=(Window(1),)), cap=4)
    assert (found.matches, found.every) == (12, 3)
    assert found.looked_at < 12
    again = preview(provincial(windows=(Window(1),)), cap=4)
    assert again.looked_at == found.looked_at


def test_goes_with_the_submission_and_into_the_audit() -> None:
    record()
    match()
    draft = provincial(windows=(Window(1),))
    key = sharing.draft_version(draft, author="张某", at=now())
    document = preview(draft).as_document()
    sharing.submit_version(key, document, by="张某", at=now())
    assert sharing.get_version(key).preview == document
    assert document["changes"] == [{"before": "recognise", "after": "not_recognisable", "items": 1}]
    assert AuditEntry.objects.filter(action="rules.preview", actor="张某").exists()


def test_tells_how_far_it_is() -> None:
    record()
    match()
    match(institution=TOWN)
    told: list[tuple[int, int]] = []
    api.preview_version(
        provincial(),
        now() - timedelta(days=1),
        now() + timedelta(minutes=1),
        by="张某",
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 2), (2, 2)]
    assert CITY in sharing.get_rulebook().institutions
