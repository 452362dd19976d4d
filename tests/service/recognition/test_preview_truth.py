"""A preview keeps its word: once the draft is signed, the same questions are answered as it said."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.service.recognition.test_loop import decide, match, record
from tests.service.region import CITY, COUNTY, TOWN, make_region, resident_id
from tests.service.region import patient as described
from tests.service.sharing.signing import OPTIONS, sign
from yijian.domains.recognition import api
from yijian.domains.sharing import api as sharing
from yijian.domains.sharing.values import (
    Agreement,
    AuthorisationPolicy,
    ClockStart,
    Direction,
    RegionOptions,
    ScopeKind,
    Window,
)
from yijian.kit.clock import CHINA, now

pytestmark = pytest.mark.django_db
PEOPLE = [
    described(resident_id(number), name) for number, name in enumerate(("张伟", "王芳", "李娜"), start=1)
]
ENCOUNTER = {"type": "outpatient", "number": "E1"}


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()
    for number, (someone, hours) in enumerate(zip(PEOPLE, (3, 30, 150), strict=True)):
        record(report_no=f"R{number}", patient=someone, hours_ago=hours)
    record(report_no="OWN", patient=PEOPLE[0], hours_ago=2, institution=COUNTY)


def ask() -> list[dict[str, Any]]:
    """Ask what each receiver would be answered of each patient, in several situations."""
    return [
        match("K", institution=institution, patient=someone, **situation)["items"][0]
        for institution in (COUNTY, TOWN, CITY)
        for someone in PEOPLE
        for situation in (
            {"encounter": ENCOUNTER},
            {"encounter": {"type": "emergency"}},
            {"purpose": "preoperative"},
        )
    ]


def said(item: dict[str, Any]) -> str:
    silent = "reminder.suppressed" in {reason["code"] for reason in item["reasons"]}
    return f"{item['outcome']}{'_silent' if silent else ''}"


def provincial(**changes: Any) -> Agreement:
    found = next(each for each in sharing.get_rulebook().agreements if each.code == "HB")
    return replace(found, effective_from=now().astimezone(CHINA).date(), **changes)


def options(**changes: Any) -> RegionOptions:
    return replace(OPTIONS, **changes)


DRAFTS = {
    "shorter": lambda: provincial(windows=(Window(4, "K"),)),
    "by care setting": lambda: provincial(
        windows=(Window(240, "K"), Window(24, "K", care_setting="emergency"))
    ),
    "from the report": lambda: provincial(windows=(Window(2, "K"),), clock=ClockStart.REPORT),
    "same level only": lambda: provincial(directions=frozenset({Direction.SAME})),
    "national marks only": lambda: provincial(accepted_marks=frozenset({ScopeKind.NATION})),
    "other items": lambda: provincial(items=frozenset({"Glu"})),
    "public, one county": lambda: provincial(public_only=True, shared_within=ScopeKind.COUNTY),
    "no own results": lambda: options(same_institution_reminders=False),
    "own results later": lambda: options(same_institution_exclusion_hours=24),
    "no emergencies": lambda: options(suppress_emergency=True),
    "no operations": lambda: options(suppress_preoperative=True),
    "by consent": lambda: options(authorisation=AuthorisationPolicy.CONSENT),
}


@pytest.mark.parametrize("name", DRAFTS)
def test_what_was_previewed_is_what_comes(name: str) -> None:
    before = [said(item) for item in ask()]
    draft = DRAFTS[name]()
    found = api.preview_version(draft, now() - timedelta(days=1), now() + timedelta(minutes=1), by="张某")
    sign(sharing.draft_version(draft, author="张某", at=now()))
    after = [said(item) for item in ask()]
    assert found.changes == Counter(
        (one, other) for one, other in zip(before, after, strict=True) if one != other
    )
    assert found.changes


def test_an_item_decided_before_is_silent_as_previewed() -> None:
    document = match("K", patient=PEOPLE[0], encounter=ENCOUNTER)
    decide(document)
    match("K", patient=PEOPLE[0], encounter=ENCOUNTER)
    draft = options(suppress_answered_in_encounter=True)
    found = api.preview_version(draft, now() - timedelta(days=1), now() + timedelta(minutes=1), by="张某")
    assert found.changes == {("recognise", "recognise_silent"): 1}
    sign(sharing.draft_version(draft, author="张某", at=now()))
    assert said(match("K", patient=PEOPLE[0], encounter=ENCOUNTER)["items"][0]) == "recognise_silent"
