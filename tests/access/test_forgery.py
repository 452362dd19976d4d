"""What a foreign page can make a browser do: nothing; and what a message can make a page do."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.access.calls import PAGE_CALLS
from tests.access.objects import HOME, World, make_world
from tests.access.table import TABLE, Whose
from tests.access.test_reach import noticed, somebody
from tests.browser.test_access import address
from tests.service.web.desk import receive
from yijian.foundation.accounts.models import Role, User
from yijian.web.spreadsheets import write_csv

pytestmark = pytest.mark.django_db
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.mark.parametrize("name", sorted(TABLE))
def test_no_form_is_taken_without_its_token(name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    role = min(TABLE[name].admits or {Role.CLINICIAN})
    client.force_login(User.objects.create_user("someone", role=role, institution_code=HOME))

    assert client.post(address(name)).status_code == 403


@pytest.mark.parametrize("name", [name for name, page in TABLE.items() if page.whose is not Whose.NOBODYS])
def test_no_page_upon_an_object_is_kept_in_a_cache(name: str) -> None:
    role = min(TABLE[name].admits or {Role.CLINICIAN})

    answer = somebody(role).get(address(name))

    assert "no-store" in answer["Cache-Control"]
    assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_a_message_writes_no_markup_into_its_page(world: World) -> None:
    raw = f"MSH|^~\\&|A{SCRIPT}|B|||20260101||ORU^R01|1|P|2.4\rPID|1||||{SCRIPT}\r".encode()
    message_id = receive(raw, HOME, reason_code="", reason_text=SCRIPT, reason_data={"place": SCRIPT})

    shown = somebody(Role.INTEGRATOR).get(reverse("inbox-message", args=[message_id])).content.decode()

    assert "alert(1)" in shown
    assert SCRIPT not in shown


def test_a_signed_form_is_handed_out_as_a_file(world: World) -> None:
    answer = PAGE_CALLS["signed-form"](world.of[HOME]).by(somebody(Role.CLINICIAN), "signed-form")

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_disguised_page_is_no_signed_form(world: World) -> None:
    page = SimpleUploadedFile("form.pdf", f"<html>{SCRIPT}".encode(), "application/pdf")
    form = {"way": "signed_form", "scope": "all", "receiver": "own", "document": page}
    where = reverse("authorise", args=[world.person_id])

    answer, changed = noticed(lambda: somebody(Role.CLINICIAN).post(where, form))

    assert (answer.status_code, changed & {"consent_consent"}) == (422, set())


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_of_an_export_is_computed(sign: str) -> None:
    assert f"'{sign}1+1" in write_csv(iter([[f"{sign}1+1"]]))


@pytest.mark.parametrize("name", sorted(name for name, page in TABLE.items() if page.admits))
def test_no_page_takes_a_nul(name: str) -> None:
    client = somebody(min(TABLE[name].admits or ()))

    answers = client.get(address(name), {"kind": "\0"}), client.post(address(name), {"\0": "x"})

    assert {answer.status_code for answer in answers} == {400}
