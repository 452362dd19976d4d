"""Signing in: guessing is braked, in and out and wrong passwords are told, and nothing typed is kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from yijian.foundation.accounts.brake import (
    MOST_OF_ADDRESS,
    MOST_OF_NAME,
    WINDOW,
    Attempt,
    forget_tries,
)
from yijian.foundation.accounts.models import Role, SignInTries, User
from yijian.foundation.audit.models import AuditEntry
from yijian.kit.clock import now

pytestmark = pytest.mark.django_db

RIGHT, WRONG = "only-for-this-test", "typed-by-mistake"
PATIENCE = "15 分钟后再试"


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def li() -> User:
    return User.objects.create_user("li", password=RIGHT, role=Role.CLINICIAN, institution_code="42010101")


def try_at(page: str, name: str, password: str, address: str) -> str:
    """Return where a try led to, else what the page says."""
    form = {"username": name, "password": password}
    answer = Client(REMOTE_ADDR=address).post(reverse(page), form)
    return str(answer.get("Location") or answer.content.decode())


def try_sign_in(name: str, password: str, address: str = "192.0.2.1") -> str:
    return try_at("sign-in", name, password, address)


def told() -> list[tuple[str, str, str]]:
    entries = AuditEntry.objects.order_by("entry_id")
    return list(entries.values_list("action", "actor", "institution_code"))


def test_right_password_is_refused_after_too_many_wrong_ones(li: User) -> None:
    for _ in range(MOST_OF_NAME - 1):
        assert PATIENCE not in try_sign_in("li", WRONG)
    assert PATIENCE in try_sign_in("li", WRONG)
    assert PATIENCE in try_sign_in("li", RIGHT)
    assert try_sign_in("li", RIGHT, "192.0.2.2") == reverse("home")


def test_one_address_cannot_try_every_name(li: User) -> None:
    for number in range(MOST_OF_ADDRESS):
        assert Attempt(f"name {number}", "192.0.2.1", now()).count()
    assert PATIENCE in try_sign_in("li", RIGHT)


def test_the_admin_has_no_door_beside_the_brake(li: User) -> None:
    User.objects.filter(pk=li.pk).update(is_staff=True, is_superuser=True, role=Role.ADMINISTRATOR)
    for _ in range(MOST_OF_NAME):
        try_at("admin:login", "li", WRONG, "192.0.2.1")
    assert "csrfmiddlewaretoken" in try_at("admin:login", "li", RIGHT, "192.0.2.1")
    assert try_at("admin:login", "li", RIGHT, "192.0.2.2") == reverse("home")


def test_neighbours_of_an_ipv6_network_count_together(li: User) -> None:
    for number in range(MOST_OF_NAME):
        try_sign_in("li", WRONG, f"2001:db8::{number}")
    assert PATIENCE in try_sign_in("li", RIGHT, "2001:db8::ffff")
    assert try_sign_in("li", RIGHT, "2001:db8:0:1::1") == reverse("home")


def test_right_password_forgives_the_wrong_ones_before_it(li: User) -> None:
    for _ in range(2):
        for _ in range(MOST_OF_NAME - 1):
            try_sign_in("li", WRONG)
        assert try_sign_in("li", RIGHT) == reverse("home")
    counted = SignInTries.objects.values_list("tries", flat=True)
    assert list(counted) == [2 * (MOST_OF_NAME - 1)]  # of the address; the name's are gone


def test_brake_lets_go_when_the_window_is_over() -> None:
    at = now()
    assert [Attempt("li", "", at).count() for _ in range(MOST_OF_NAME + 1)] == [True] * MOST_OF_NAME + [False]
    assert not Attempt("li", "", at + WINDOW - timedelta(seconds=1)).count()
    assert Attempt("li", "", at + WINDOW).count()


def test_clock_put_back_does_not_lengthen_the_brake() -> None:
    at = now()
    for _ in range(MOST_OF_NAME + 1):
        Attempt("li", "", at).count()
    assert Attempt("li", "", at - timedelta(days=1)).count()


def test_windows_that_are_over_are_forgotten() -> None:
    at = now()
    Attempt("li", "192.0.2.1", at - WINDOW - timedelta(seconds=1)).count()
    Attempt("wang", "192.0.2.2", at).count()
    assert forget_tries(now=at) == 2
    assert SignInTries.objects.count() == 2


def test_tells_sign_in_wrong_password_and_sign_out(li: User) -> None:
    try_sign_in("li", WRONG)
    browser = Client()
    browser.post(reverse("sign-in"), {"username": "li", "password": RIGHT})
    browser.post(reverse("sign-out"))
    actions = ("sign_in.refused", "sign_in", "sign_out")
    assert told() == [(action, "li", "42010101") for action in actions]


def test_braked_tries_are_told_no_more(li: User) -> None:
    for _ in range(MOST_OF_NAME + 5):
        try_sign_in("li", WRONG)
    assert told() == [("sign_in.refused", "li", "42010101")] * MOST_OF_NAME


def test_unknown_names_fill_neither_the_audit_nor_leave_what_was_typed(li: User) -> None:
    for number in range(12):
        try_sign_in(f"{RIGHT} {number}", WRONG)
    entries = AuditEntry.objects.order_by("entry_id")
    assert [(e.action, e.actor, e.detail["tries"]) for e in entries] == [
        ("sign_in.unknown_name", "", 1),
        ("sign_in.unknown_name", "", 10),
    ]
    assert not [
        row for model in (AuditEntry, SignInTries) for row in model.objects.values() if RIGHT in str(row)
    ]


def test_unknown_name_is_answered_as_a_known_one(li: User) -> None:
    def answers(name: str, address: str) -> list[bool]:
        return [PATIENCE in try_sign_in(name, WRONG, address) for _ in range(MOST_OF_NAME + 1)]

    assert answers("li", "192.0.2.1") == answers("nobody", "192.0.2.2")
