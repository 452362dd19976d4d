"""Versions of a region's rules: one drafts, another signs, and only what is signed counts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Model

from tests.service.region import make_region
from tests.service.sharing.signing import sign
from yijian.domains.sharing import api, models
from yijian.domains.sharing.rules import options_for
from yijian.domains.sharing.values import (
    Agreement,
    AuthorisationPolicy,
    RegionOptions,
    Scope,
    ScopeKind,
    Window,
)
from yijian.kit.clock import CHINA, now
from yijian.kit.errors import Problem

pytestmark = pytest.mark.django_db
PREVIEW = {"matches": 0}


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


def today() -> date:
    return now().astimezone(CHINA).date()


def provincial() -> Agreement:
    return next(each for each in api.get_rulebook().agreements if each.code == "HB")


def options(**changes: object) -> RegionOptions:
    base = RegionOptions(Scope(ScopeKind.PROVINCE, "42"), 1, today(), source="测试")
    return replace(base, **changes)  # type: ignore[arg-type]


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(Problem) as raised:
        call()
    return raised.value.code


def test_a_draft_changes_nothing_not_even_the_name_of_the_rules() -> None:
    before = api.get_rulebook().version
    api.draft_version(replace(provincial(), windows=(Window(1),)), author="张某", at=now())
    api.draft_version(options(), author="张某", at=now())
    assert api.get_rulebook().version == before


def test_signing_ends_the_version_before_on_that_date() -> None:
    starts = today() + timedelta(days=10)
    changed = replace(provincial(), windows=(Window(24, "K"),), effective_from=starts)
    sign(api.draft_version(changed, author="张某", at=now()))
    first, second = (each for each in api.get_rulebook().agreements if each.code == "HB")
    assert (first.effective_until, second.version, second.effective_until) == (starts, 2, None)
    assert second.windows == (Window(24, "K"),)


def test_options_count_once_signed() -> None:
    wanted = options(authorisation=AuthorisationPolicy.CONSENT, preoperative_items=frozenset({"INFECT4"}))
    sign(api.draft_version(wanted, author="张某", at=now()))
    rulebook = api.get_rulebook()
    assert options_for(rulebook, rulebook.institutions["COUNTY"], today()) == wanted


@pytest.mark.parametrize("typed", ["zhang.wei", " zhang.wei ", "Zhang.Wei"])
def test_the_author_never_signs_however_the_name_is_typed(typed: str) -> None:
    key = api.draft_version(options(), author="zhang.wei", at=now())
    api.submit_version(key, PREVIEW, by="zhang.wei", at=now())
    assert refusal(lambda: api.sign_version(key, by=typed, at=now())) == "version.same_person"


def test_only_a_submitted_version_is_signed() -> None:
    key = api.draft_version(options(), author="张某", at=now())
    assert refusal(lambda: api.sign_version(key, by="李某", at=now())) == "version.state"


def test_only_its_author_edits_a_draft_and_only_while_it_is_one() -> None:
    key = api.draft_version(options(), author="张某", at=now())
    assert refusal(lambda: api.edit_draft(key, options(break_glass=False), by="李某")) == "version.not_author"
    api.edit_draft(key, options(break_glass=False), by="张某")
    value = api.get_version(key).value
    assert isinstance(value, RegionOptions)
    assert not value.break_glass
    api.submit_version(key, PREVIEW, by="张某", at=now())
    assert refusal(lambda: api.edit_draft(key, options(), by="张某")) == "version.state"


def test_an_edited_agreement_reads_as_it_was_written() -> None:
    key = api.draft_version(provincial(), author="张某", at=now())
    wanted = replace(
        provincial(),
        version=2,
        items=frozenset({"K", "Glu"}),
        windows=(Window(24, "", "lab", "inpatient"), Window(48, "K")),
        public_only=True,
        shared_within=ScopeKind.CITY,
    )
    api.edit_draft(key, wanted, by="张某")
    assert api.get_version(key).value == wanted


def test_a_second_version_never_begins_in_the_past() -> None:
    key = api.draft_version(replace(provincial(), effective_from=date(2021, 1, 1)), author="张某", at=now())
    api.submit_version(key, PREVIEW, by="张某", at=now())
    assert refusal(lambda: api.sign_version(key, by="李某", at=now())) == "version.effective_date"


def test_one_open_draft_of_a_name() -> None:
    key = api.draft_version(options(), author="张某", at=now())
    assert refusal(lambda: api.draft_version(options(), author="王某", at=now())) == "version.open"
    api.withdraw_draft(key, by="张某", at=now())
    again = api.draft_version(options(), author="王某", at=now())
    assert [v.state for v in api.list_versions("options")] == ["draft", "withdrawn"]
    assert api.get_version(again).value.version == 2


def test_unknown_item_is_refused_by_name() -> None:
    unknown = replace(provincial(), windows=(Window(24, "NO-SUCH"),))
    assert refusal(lambda: api.draft_version(unknown, author="张某", at=now())) == "version.reference_unknown"


def signed() -> models.Agreement:
    return models.Agreement.objects.get(code="HB", state="signed")


def signed_part(part: type[Model], **columns: object) -> Model:
    return part(agreement=signed(), **columns)


def drafted() -> int:
    changed = replace(provincial(), windows=(Window(1, "Glu"),))
    return api.draft_version(changed, author="张某", at=now()).number


@pytest.mark.parametrize(
    "tamper",
    [
        lambda: models.Agreement.objects.filter(code="HB").update(mark_required=False),
        lambda: models.Agreement.objects.filter(code="HB").delete(),
        lambda: models.AgreementWindow.objects.all().update(hours=1),
        lambda: models.AgreementWindow.objects.all().delete(),
        lambda: signed_part(models.AgreementWindow, item_id="Glu", hours=1).save(),
        lambda: signed_part(models.AgreementItem, item_id="K").save(),
        lambda: signed_part(models.AgreementMember, institution_id="COUNTY").save(),
        lambda: models.AgreementWindow.objects.filter(agreement=drafted()).update(agreement=signed()),
    ],
)
def test_nobody_changes_what_is_signed(tamper: Callable[[], object]) -> None:
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        tamper()


def test_a_rulebook_is_known_by_name_from_its_first_use() -> None:
    version = api.get_rulebook().version
    assert models.RulebookVersion.objects.get(version=version).first_seen_at <= now()


def test_published_rules_are_drafted_once_and_count_when_signed() -> None:
    rules = api.get_published("hubei")
    keys = api.draft_published(rules, author="张某", at=now())
    assert [key.kind for key in keys] == ["agreement", "agreement", "options"]
    for key in keys:
        sign(key)
    assert api.draft_published(rules, author="张某", at=now()) == []
    in_force = {each.code: each for each in api.get_rulebook().agreements}
    assert api.compare_versions(in_force["HB-HR"], rules.agreements[0]) == []


def test_comparing_names_every_field_that_changes() -> None:
    before = replace(provincial(), items=frozenset({"K", "Na"}))
    after = replace(
        before, windows=(Window(24, "K"),), items=frozenset({"K", "Cl"}), public_only=True, version=2
    )
    found = {each.field: (each.before, each.after) for each in api.compare_versions(before, after)}
    assert found == {
        "items": (("Na",), ("Cl",)),
        "windows": ((Window(168, "K"),), (Window(24, "K"),)),
        "public_only": (False, True),
    }
