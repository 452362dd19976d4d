"""Who may open what: absent means denied."""

from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from yijian.foundation.accounts.models import Role, User
from yijian.web.urls import urlpatterns

pytestmark = pytest.mark.django_db

NOBODY_YET = UUID(int=7)
EVERYONE = frozenset(Role)
CLINICIANS = frozenset({Role.CLINICIAN})
MENDERS = frozenset({Role.INTEGRATOR, Role.TECHNICIAN, Role.ADMINISTRATOR})
REVIEWERS = frozenset({Role.INTEGRATOR, Role.ADMINISTRATOR})
SUPERVISORS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
PATIENTS = frozenset({Role.PATIENT})
STRANGERS = None
"""Open without signing in."""

TABLE = {
    "home": EVERYONE,
    "sign-in": STRANGERS,
    "sign-out": STRANGERS,
    "patient-search": CLINICIANS,
    "timeline": CLINICIANS,
    "authorise": CLINICIANS,
    "authorise-code": CLINICIANS,
    "authorise-withdraw": CLINICIANS,
    "signed-form": CLINICIANS,
    "break-glass": CLINICIANS,
    "openings": SUPERVISORS,
    "opening-review": SUPERVISORS,
    "my": PATIENTS,
    "my-looks": PATIENTS,
    "my-reused": PATIENTS,
    "my-will": PATIENTS,
    "my-code": PATIENTS,
    "my-withdraw": PATIENTS,
    "my-object": PATIENTS,
    "my-lift": PATIENTS,
    "report-rows": CLINICIANS,
    "reuse": CLINICIANS,
    "reuse-suggestions": CLINICIANS,
    "why": CLINICIANS | SUPERVISORS,
    "why-imagine": CLINICIANS,
    "reuse-basket": CLINICIANS,
    "reuse-accept": CLINICIANS,
    "reuse-accept-all": CLINICIANS,
    "reuse-decline": CLINICIANS,
    "reuse-cite": CLINICIANS,
    "reuse-view": CLINICIANS,
    "report": CLINICIANS,
    "report-document": CLINICIANS,
    "follow-ups": CLINICIANS,
    "follow-up-close": CLINICIANS,
    "supervision": SUPERVISORS,
    "supervision-export": SUPERVISORS,
    "inbox": MENDERS,
    "inbox-message": MENDERS,
    "inbox-replay": REVIEWERS,
    "inbox-causes": MENDERS,
    "inbox-replay-preview": REVIEWERS,
    "inbox-replay-begin": REVIEWERS,
    "inbox-replay-run": MENDERS,
    "outbound": REVIEWERS,
    "outbound-pause": REVIEWERS,
    "outbound-resume": REVIEWERS,
    "outbound-redeliver": REVIEWERS,
    "outbound-rotate": REVIEWERS,
    "senders": MENDERS,
    "sender-thresholds": REVIEWERS,
    "alarm-acknowledge": REVIEWERS,
    "work-items": MENDERS,
    "work-item-assign": MENDERS,
    "work-item-code": MENDERS,
    "work-item-items": MENDERS,
    "work-item-confirm": MENDERS,
    "work-item-handled": MENDERS,
    "identity-reviews": REVIEWERS,
    "identity-review-settle": REVIEWERS,
}
GUARDED = sorted(name for name, roles in TABLE.items() if roles is not STRANGERS)


def address(name: str) -> str:
    pattern = next(pattern for pattern in urlpatterns if pattern.name == name)
    blanks = {
        name: NOBODY_YET if converter.regex.startswith("[0-9a-f]") else "anything"
        for name, converter in pattern.pattern.converters.items()
    }
    return reverse(name, kwargs=blanks)


def somebody(role: Role) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(f"a-{role}", role=role, institution_code="HB-ZX"))
    return client


def test_every_route_stands_in_the_table() -> None:
    assert {pattern.name for pattern in urlpatterns if isinstance(pattern, URLPattern)} == set(TABLE)


def test_every_view_declares_whom_it_admits() -> None:
    declared = {pattern.name: pattern.callback.admits for pattern in urlpatterns}

    assert declared == TABLE


@pytest.mark.parametrize("name", GUARDED)
def test_sends_strangers_to_the_sign_in_page(name: str) -> None:
    answer = Client().get(address(name))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("sign-in"))


def test_sends_an_htmx_request_of_an_ended_session_to_the_sign_in_page() -> None:
    answer = Client().post(reverse("reuse-accept"), headers={"HX-Request": "true"})

    assert (answer.status_code, answer["HX-Redirect"]) == (204, reverse("sign-in"))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", GUARDED)
def test_admits_the_roles_of_the_table_and_no_other(name: str, role: Role) -> None:
    client = somebody(role)

    answers = {client.get(address(name)).status_code, client.post(address(name)).status_code}

    assert (answers == {403}) == (role not in TABLE[name])


@pytest.mark.parametrize(
    ("role", "screen"),
    [
        (Role.CLINICIAN, "/patients/"),
        (Role.TECHNICIAN, "/inbox/"),
        (Role.INTEGRATOR, "/inbox/"),
        (Role.SUPERVISOR, "/supervision/"),
        (Role.ADMINISTRATOR, "/admin/"),
        (Role.PATIENT, "/my/"),
    ],
)
def test_home_is_the_screen_of_ones_role(role: Role, screen: str) -> None:
    assert somebody(role).get(reverse("home"))["Location"] == screen


def test_does_not_follow_a_foreign_address_after_sign_in() -> None:
    User.objects.create_user("li", password="only-for-this-test", role=Role.CLINICIAN)

    answer = Client().post(
        reverse("sign-in"),
        {"username": "li", "password": "only-for-this-test", "next": "https://elsewhere.example.org/"},
    )

    assert answer["Location"] == reverse("home")


def test_pages_forbid_inline_and_foreign_scripts_and_are_kept_in_no_cache() -> None:
    answer = Client().get(reverse("sign-in"))

    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
