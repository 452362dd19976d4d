"""The page of what goes out: each institution sees and runs its own endpoints."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.flow.outbound.receivers import web_receiver
from tests.flow.outbound.test_outbound import DAY, carry, decide, subscribe
from tests.service.region import CITY, COUNTY, make_region
from yijian.foundation.accounts.models import Role, User
from yijian.foundation.audit.models import AuditEntry
from yijian.foundation.outbound.courier import PARK_ATTEMPTS
from yijian.foundation.outbound.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    make_region()


def signed_in(institution: str = CITY, role: Role = Role.INTEGRATOR) -> Client:
    client = Client()
    staff = role is Role.ADMINISTRATOR
    user = User.objects.create_user(
        f"{role}-{institution}", role=role, institution_code=institution, is_staff=staff, is_superuser=staff
    )
    client.force_login(user)
    return client


def test_shows_what_was_given_up_and_sends_it_again() -> None:
    with web_receiver(lambda number: 400 if number <= PARK_ATTEMPTS + 1 else 200) as receiver:
        endpoint, secret = subscribe(receiver.url)
        decide("L-77")
        for days in range(PARK_ATTEMPTS + 1):
            carry(days * DAY)
        client = signed_in()
        page = client.get(reverse("outbound")).content.decode()
        assert "HTTP 400" in page
        assert "L-77" in page
        assert secret not in page
        sent = client.post(reverse("outbound-redeliver", args=[endpoint.endpoint_id]), follow=True)
        assert "1 条已重新排队" in sent.content.decode()
        carry()
    assert Delivery.objects.get().state == "delivered"
    assert AuditEntry.objects.filter(action="web.outbound_redelivered").exists()


def test_pauses_and_resumes() -> None:
    endpoint, _ = subscribe("https://his.example.org/hook")
    client = signed_in()
    client.post(reverse("outbound-pause", args=[endpoint.endpoint_id]))
    assert not Endpoint.objects.get().active
    assert "已暂停" in client.get(reverse("outbound")).content.decode()
    client.post(reverse("outbound-resume", args=[endpoint.endpoint_id]))
    assert Endpoint.objects.get().active


def test_new_secret_is_shown_once() -> None:
    endpoint, old = subscribe("https://his.example.org/hook")
    client = signed_in()
    rotated = client.post(reverse("outbound-rotate", args=[endpoint.endpoint_id])).content.decode()
    assert "whsec_" in rotated
    assert old not in rotated
    assert "whsec_" not in client.get(reverse("outbound")).content.decode()


@pytest.mark.parametrize("action", ["pause", "resume", "redeliver", "rotate"])
def test_another_institutions_endpoint_does_not_exist(action: str) -> None:
    endpoint, _ = subscribe("https://his.example.org/hook")
    platform, _ = subscribe("https://platform.example.org/hook", institution="")
    client = signed_in(COUNTY)
    for each in (endpoint, platform):
        assert client.post(reverse(f"outbound-{action}", args=[each.endpoint_id])).status_code == 404
    assert "example.org" not in client.get(reverse("outbound")).content.decode()


def test_administrator_adds_an_endpoint_and_sees_its_secret_once() -> None:
    client = signed_in("", Role.ADMINISTRATOR)
    entered = {
        "name": "市一院",
        "institution_code": CITY,
        "kind": "webhook",
        "address": "https://his.example.org/hook",
        "events": '["recognition.decided"]',
        "encoding": "UTF-8",
        "active": "on",
    }
    address = reverse("admin:outbound_endpoint_add")
    saved = client.post(address, entered, follow=True).content.decode()
    assert "whsec_" in saved
    change = reverse("admin:outbound_endpoint_change", args=[Endpoint.objects.get().endpoint_id])
    assert "whsec_" not in client.get(change).content.decode()
    for wrong in ({"address": "ftp://x"}, {"events": '["everything"]'}, {"kind": "mllp"}):
        assert client.post(address, entered | wrong).status_code == 200
    assert Endpoint.objects.count() == 1
