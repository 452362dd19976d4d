"""Master data can be edited in the admin: by administrators, and by nobody else."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.service.region import make_region
from yijian.foundation.accounts.models import Role, User

pytestmark = pytest.mark.django_db

PAGES = sorted(
    f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    for model in admin.site._registry
    for page in ("changelist", "add")
)


def browser(role: Role, *, staff: bool) -> Client:
    user = User.objects.create_user("someone", password=None, role=role, is_staff=staff, is_superuser=staff)
    client = Client()
    client.force_login(user)
    return client


def test_administrator_opens_every_list_and_form() -> None:
    make_region()
    client = browser(Role.ADMINISTRATOR, staff=True)
    answers = {page: client.get(reverse(page)).status_code for page in PAGES}
    assert len(answers) > 25
    assert {page for page, status in answers.items() if status == 403} == READ_ONLY
    assert set(answers.values()) == {200, 403}


READ_ONLY = {
    *(f"admin:sharing_{name}_add" for name in ("agreement", "regionoptions", "suspension")),
    "admin:terminology_unitalias_add",
}
"""Versions of the rules are drafted and signed, suspensions raised with a reason, units named where results
wait for them; none is added here.
"""


@pytest.mark.parametrize("staff", [False, True])
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_else_enters(role: Role, staff: bool) -> None:
    """Not even one who was administrator, and of whom Django's marks still say so."""
    client = browser(role, staff=staff)
    assert {client.get(reverse(page)).status_code for page in PAGES} == {302}
