"""What operators do from a shell, against the database."""

import os

import pytest
from typer.testing import CliRunner, Result

from tests.service.region import make_region
from yijian.config import cli
from yijian.config.commands import setup
from yijian.domains.sharing.models import Agreement
from yijian.domains.terminology.catalogue import load_items
from yijian.domains.terminology.models import CatalogueItem
from yijian.foundation.accounts.client_secret import secret_matches
from yijian.foundation.accounts.models import Client, User
from yijian.foundation.audit.api import record_access
from yijian.foundation.errors import CannotGoOn
from yijian.kit.errors import Problem

pytestmark = pytest.mark.django_db

PASSWORD = "rather a long one 7"


@pytest.fixture(autouse=True)
def own_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the test run's logging alone."""
    monkeypatch.setattr(setup, "configure_logging", lambda: None)
    monkeypatch.setitem(os.environ, "DJANGO_SETTINGS_MODULE", "yijian.config.settings")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


def test_loads_the_catalogue_twice() -> None:
    for _ in range(2):
        assert run("catalogue", "load").exit_code == 0
    assert CatalogueItem.objects.count() == len(load_items())


def test_adds_a_client_and_prints_the_secret_once() -> None:
    added = run(
        "clients", "add", "his-1", "--institution", "H1", "--scope", "report.write", "--scope", "marks.read"
    )
    assert added.exit_code == 0
    client = Client.objects.get(client_id="his-1")
    assert client.scopes == ["marks.read", "report.write"]
    assert secret_matches(added.output.strip(), client.secret_digest)


def test_refuses_an_unknown_scope() -> None:
    refused = run("clients", "add", "his-1", "--institution", "H1", "--scope", "everything")
    assert isinstance(refused.exception, CannotGoOn)
    assert "there is no scope everything" in str(refused.exception)
    assert not Client.objects.exists()


def test_adds_an_administrator_who_may_enter_the_admin() -> None:
    added = run("users", "add", "root", "--role", "administrator", "--password", PASSWORD)
    assert added.exit_code == 0
    user = User.objects.get(username="root")
    assert (user.role, user.is_staff, user.is_superuser) == ("administrator", True, True)
    assert user.check_password(PASSWORD)


def test_changing_the_role_takes_the_admin_away() -> None:
    run("users", "add", "root", "--role", "administrator", "--password", PASSWORD)
    run("users", "add", "root", "--role", "clinician", "--institution", "H1", "--password", PASSWORD)
    user = User.objects.get(username="root")
    assert (user.role, user.institution_code, user.is_staff, user.is_superuser) == (
        "clinician",
        "H1",
        False,
        False,
    )


@pytest.mark.parametrize(
    ("role", "password", "said"),
    [("king", PASSWORD, "There is no role king"), ("clinician", "short", "Choose another password")],
)
def test_refuses_a_strange_role_and_a_weak_password(role: str, password: str, said: str) -> None:
    refused = run("users", "add", "somebody", "--role", role, "--password", password)
    assert isinstance(refused.exception, CannotGoOn)
    assert said in str(refused.exception)
    assert not User.objects.exists()


def test_prints_the_end_of_the_audit_trail_and_takes_it_as_anchor() -> None:
    record_access("doctor", "H1", "timeline.view", legal_basis="treatment")
    verified = run("audit", "verify")
    anchor = verified.output.split()[-1]
    assert verified.output.startswith("1 entries, unbroken")
    assert run("audit", "verify", "--anchor", anchor).exit_code == 0


def test_says_where_the_audit_trail_is_broken() -> None:
    record_access("doctor", "H1", "timeline.view", legal_basis="treatment")
    broken = run("audit", "verify", "--anchor", f"2:{'ab' * 32}")
    assert "broken at entry 2" in str(broken.exception)


@pytest.mark.parametrize("anchor", ["2", "x:ab", "0:" + "ab" * 32, "2:abc"])
def test_refuses_what_is_no_anchor(anchor: str) -> None:
    refused = run("audit", "verify", "--anchor", anchor)
    assert "as it was printed" in str(refused.exception)


def test_archives_and_erases_messages() -> None:
    assert "0 messages in 0 archives" in run("inbox", "archive", "--days", "1").output
    assert run("inbox", "erase").output == "0 archives erased\n"


def test_rules_are_loaded_submitted_and_signed_by_two() -> None:
    make_region()
    loaded = run("rules", "load", "nation", "--author", "张某")
    assert "drafted: agreement" in loaded.output
    number = str(Agreement.objects.get(code="CN-2022-6").pk)
    assert "CN-2022-6@1\tdraft" in run("rules", "list").output
    assert "0 of 0 matches" in run("rules", "submit", "agreement", number, "--author", "张某").output
    refused = run("rules", "sign", "agreement", number, "--signer", "张某")
    assert isinstance(refused.exception, Problem)
    assert run("rules", "sign", "agreement", number, "--signer", "李某").exit_code == 0
    assert "CN-2022-6@1\tsigned" in run("rules", "list").output
