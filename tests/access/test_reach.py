"""Every page that touches an object: by every role, upon one's own, a neighbour's and another province's."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from tests.access.calls import PAGE_CALLS
from tests.access.objects import ABROAD, HOME, NEIGHBOUR, World, make_world
from tests.access.table import TABLE, Whose
from yijian.foundation.accounts.models import Role, User

pytestmark = pytest.mark.django_db
LISTS = {"openings", "follow-ups", "identity-reviews"}
"""They touch what is within reach and are asked for nobody else's."""
REFUSALS = {403, 404, 422}
SILENT = {"alarm-acknowledge", "identity-review-settle"}
"""An object out of reach is answered as one that somebody else has settled: back to the list."""


def somebody(role: Role, institution: str = HOME) -> Client:
    client = Client()
    user, _ = User.objects.get_or_create(
        username=f"{role}-{institution}", role=role, institution_code=institution
    )
    client.force_login(user)
    return client


def reaches(role: Role, institution: str) -> bool:
    """Tell what the table means by `Whose.REACHED`."""
    near = {HOME, NEIGHBOUR} if role is Role.SUPERVISOR else {HOME}
    return role is Role.ADMINISTRATOR or institution in near


def state() -> dict[str, Any]:
    """Return a digest of every table's rows, sessions apart."""
    tables = [model._meta.db_table for model in apps.get_models() if model is not Session]
    with connection.cursor() as cursor:
        found = {}
        for table in tables:
            cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" AS t")  # noqa: S608
            found[table] = cursor.fetchone()[0]
    return found


def noticed(request: Callable[[], Any]) -> tuple[Any, set[str]]:
    """Return an answer and the tables it changed."""
    before = state()
    answer = request()
    after = state()
    return answer, {table for table in after if after[table] != before[table]}


def tried(request: Callable[[], Any]) -> tuple[Any, set[str]]:
    """Return an answer and the tables it changed, and undo that."""
    with transaction.atomic():
        found = noticed(request)
        transaction.set_rollback(True)
    return found


def is_refusal(name: str, answer: Any) -> bool:
    """Tell whether a page refused, whatever it says of it."""
    return answer.status_code in REFUSALS or (name in SILENT and answer.status_code == 302)


@pytest.fixture
def world() -> World:
    return make_world()


def test_every_page_upon_an_object_is_tried() -> None:
    reached = {name for name, page in TABLE.items() if page.whose is Whose.REACHED}

    assert reached - LISTS == set(PAGE_CALLS)


@pytest.mark.parametrize("name", PAGE_CALLS)
def test_touches_what_is_within_reach_and_nothing_else(name: str, world: World) -> None:
    for role in sorted(Role):
        client = somebody(role)
        for institution in (HOME, NEIGHBOUR, ABROAD):
            call = PAGE_CALLS[name](world.of[institution])
            answer, changed = tried(lambda client=client, call=call: call.by(client, name))
            admitted = role in (TABLE[name].admits or ()) and reaches(role, institution)
            told = f"{name} by {role} upon {institution}: {answer.status_code}, changed {changed}"
            if admitted:
                assert answer.status_code in {200, 204, 302}, told
                assert call.method == "GET" or changed, told
            else:
                assert is_refusal(name, answer), told
                assert not changed, told


@pytest.mark.parametrize("name", PAGE_CALLS)
def test_strangers_change_nothing(name: str, world: World) -> None:
    answer, changed = tried(lambda: PAGE_CALLS[name](world.of[HOME]).by(Client(), name))

    assert (answer.status_code, changed) == (302, set())
    assert answer["Location"].startswith(reverse("sign-in"))


@pytest.mark.parametrize("name", PAGE_CALLS)
def test_people_of_no_institution_reach_nothing(name: str, world: World) -> None:
    for role in sorted(set(Role) - {Role.ADMINISTRATOR}):
        client = somebody(role, "")
        answer, changed = tried(lambda client=client: PAGE_CALLS[name](world.of[HOME]).by(client, name))

        assert (is_refusal(name, answer), changed) == (True, set()), (name, role, answer.status_code)
