"""The rules of a region: written, signed and taken away by its own supervisors, by nobody else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from tests.access.objects import ABROAD, HOME, make_world
from tests.access.table import TABLE, Whose
from tests.access.test_reach import somebody, tried
from tests.service.region import CITY
from yijian.domains.recognition import api as recognition
from yijian.domains.sharing import api as sharing
from yijian.domains.sharing.models import Suspension
from yijian.domains.sharing.values import Agreement, Party, Scope, ScopeKind
from yijian.foundation.accounts.models import Role, User
from yijian.kit.clock import now

pytestmark = pytest.mark.django_db
UPON_A_VERSION = [
    name
    for name, page in TABLE.items()
    if page.whose is Whose.RULED and name not in {"rules-new", "rules-raise", "rules-fact-withdraw"}
]
DISTRICT = Scope(ScopeKind.COUNTY, "420116")


@pytest.fixture
def provinces() -> Agreement:
    """Return what the province has signed."""
    make_world()
    signed = (each.value for each in sharing.list_versions("agreement") if each.state == "signed")
    return next(value for value in signed if isinstance(value, Agreement) and value.scope.code == "42")


def draft(value: Agreement, **changes: object) -> sharing.VersionKey:
    tomorrow = (now() + timedelta(days=1)).date()
    later = replace(value, **{"effective_from": tomorrow, "effective_until": None} | changes)  # type: ignore[arg-type]
    return sharing.draft_version(later, author="drafter", at=now())


def supervisor(institution: str) -> User:
    return User(username=f"s-{institution}", role=Role.SUPERVISOR, institution_code=institution)


@pytest.mark.parametrize("name", UPON_A_VERSION)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_draft_of_the_province_is_not_the_districts(name: str, method: str, provinces: Agreement) -> None:
    key = draft(provinces)
    begun = recognition.begin_preview(key, now() - timedelta(days=30), now(), by="drafter", at=now())
    named = (
        {"preview_id": begun}
        if name == "rules-preview-run"
        else {"kind": key.kind, "number": str(key.number)}
    )
    address = reverse(name, kwargs=named)
    sharing.get_rulebook()
    for role in sorted(set(Role) - {Role.ADMINISTRATOR}):
        client = somebody(role, HOME)
        answer, changed = tried(lambda client=client: getattr(client, method)(address, {"reason": "不同意"}))

        assert (answer.status_code in {403, 404, 405}, changed) == (True, set()), (role, answer.status_code)


def test_nobody_of_a_district_binds_beyond_it(provinces: Agreement) -> None:
    rulebook = sharing.get_rulebook()
    here, there = Party(institution_code=HOME), Party(institution_code=ABROAD)
    nation, unknown = Party(scope=Scope(ScopeKind.NATION, "CN")), Party(institution_code="NOBODY")
    own = replace(provinces, scope=DISTRICT)

    assert sharing.may_manage(supervisor(HOME), rulebook, replace(own, parties=(here,)))
    for beyond in (there, nation, unknown, Party(institution_code=CITY)):
        assert not sharing.may_manage(supervisor(HOME), rulebook, replace(own, parties=(here, beyond)))
    assert not sharing.may_manage(supervisor(HOME), rulebook, provinces)


def within(institution: str) -> dict[str, object]:
    """Return a filled form that binds an institution."""
    return {
        "name_zh": "区内互认",
        "name_en": "district",
        "effective_from": (now() + timedelta(days=1)).date().isoformat(),
        "source": "测试",
        "directions": ["same"],
        "all_items": "all",
        "clock": "collection",
        "parties-count": "1",
        "parties-0-kind": "institution",
        "parties-0-code": institution,
    }


def test_nobody_begins_rules_beyond_the_district(provinces: Agreement) -> None:
    client, address = somebody(Role.SUPERVISOR, HOME), reverse("rules-new", kwargs={"kind": "agreement"})
    own = {"code": "QN", "scope": "county:420116"}
    sharing.get_rulebook()

    for beyond in (
        within(HOME) | own | {"scope": "province:42"},
        within(HOME) | own | {"code": provinces.code},
        within(ABROAD) | own,
    ):
        answer, changed = tried(lambda beyond=beyond: client.post(address, beyond))
        assert (answer.status_code, changed) == (422, set())
    assert client.post(address, within(HOME) | own).status_code == 302


def test_a_form_cannot_name_parties_beyond_the_district(provinces: Agreement) -> None:
    client = somebody(Role.SUPERVISOR, HOME)
    author = User.objects.get(role=Role.SUPERVISOR, institution_code=HOME).username
    own = replace(provinces, code="own", scope=DISTRICT, version=1, effective_from=now().date())
    key = sharing.draft_version(own, author=author, at=now())
    address = reverse("rules-edit", kwargs={"kind": key.kind, "number": str(key.number)})
    assert client.get(address).status_code == 200
    filled = within(ABROAD)

    answer = client.post(address, filled)

    assert answer.status_code == 422
    assert "成员超出您的监管范围" in answer.content.decode()
    assert sharing.get_version(key).value == own
    assert client.post(address, filled | {"parties-0-code": HOME}).status_code == 302
    assert client.post(address, filled | {"parties-count": "9" * 5000}).status_code in {302, 422}


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_nobody_ends_what_stands_beyond_their_region(role: Role, provinces: Agreement) -> None:
    client = somebody(role)
    for institution in (ABROAD, CITY, ""):
        fact = Suspension.objects.create(
            kind="item", item_id="K", institution_id=institution or None, starts_at=now(), raised_at=now()
        )
        sharing.get_rulebook()
        address = reverse("rules-fact-withdraw", kwargs={"number": str(fact.pk)})
        answer, changed = tried(lambda address=address: client.post(address, {"reason": "恢复"}))

        assert (answer.status_code, changed) == (403, set())
