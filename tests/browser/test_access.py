"""Who may open which page: absent means denied. The pages stand in `tests.access.table`."""

from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from tests.access.table import TABLE
from yijian.foundation.accounts.models import Role, User
from yijian.web.urls import urlpatterns

pytestmark = pytest.mark.django_db

NOBODY_YET = UUID(int=7)
GUARDED = sorted(name for name, page in TABLE.items() if page.admits is not None)


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

    assert declared == {name: page.admits for name, page in TABLE.items()}


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

    assert (answers == {403}) == (role not in (TABLE[name].admits or ()))


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
