"""The audit trail grows at its end only, and shows whoever tampered with it."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from yijian.foundation.audit.api import ChainEnd, get_chain_end, record_access, verify_chain
from yijian.foundation.audit.chain import COLUMNS, GENESIS
from yijian.foundation.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

PERSON = UUID(int=7)


@pytest.fixture
def trail() -> list[AuditEntry]:
    for number in range(3):
        record_access(
            "doctor",
            "COUNTY",
            "timeline.view",
            PERSON,
            legal_basis="treatment",
            detail={"b": number, "a": ["项目", True, None]},
            trace_id="t",
        )
    return list(AuditEntry.objects.order_by("entry_id"))


@pytest.fixture
def tamper() -> Callable[[str], None]:
    """Return what changes the table past its triggers, as someone with the server's keys could."""

    def run(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statement)

    return run


def test_each_entry_follows_the_one_before(trail: list[AuditEntry]) -> None:
    assert [entry.entry_id for entry in trail] == [1, 2, 3]
    assert bytes(trail[0].previous_digest) == GENESIS
    assert bytes(trail[2].previous_digest) == bytes(trail[1].digest)
    assert verify_chain() is None


def test_an_empty_trail_is_whole() -> None:
    assert verify_chain() is None


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit_auditentry SET actor = 'nobody' WHERE entry_id = 2", 2),
        ("UPDATE audit_auditentry SET at = at + interval '1 microsecond' WHERE entry_id = 3", 3),
        ("UPDATE audit_auditentry SET person_id = NULL WHERE entry_id = 1", 1),
        ("UPDATE audit_auditentry SET detail = '{}' WHERE entry_id = 2", 2),
        ("DELETE FROM audit_auditentry WHERE entry_id = 1", 2),
        ("DELETE FROM audit_auditentry WHERE entry_id = 2", 3),
    ],
)
def test_tampering_shows(
    trail: list[AuditEntry], tamper: Callable[[str], None], statement: str, broken: int
) -> None:
    tamper(statement)
    assert verify_chain() == broken


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditentry SET actor = 'nobody'",
        "DELETE FROM audit_auditentry",
        "TRUNCATE audit_auditentry",
    ],
)
def test_the_database_refuses_changes(trail: list[AuditEntry], statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEntry.objects.count() == 3


OTHER_VALUE = {
    "at": "at + interval '1 microsecond'",
    "person_id": "(left(person_id::text, 35) || '6')::uuid",
    "detail": """jsonb_set(detail, '{a,0}', '"项日"')""",
}
"""The smallest change of a column; texts get one other character, digests one other bit."""


@pytest.mark.parametrize("column", [each for each in COLUMNS if each != "entry_id"])
def test_one_changed_byte_shows_in_every_column(
    trail: list[AuditEntry], tamper: Callable[[str], None], column: str
) -> None:
    flipped = f"set_byte({column}, 17, get_byte({column}, 17) # 1)"
    text = f"overlay({column} placing chr(ascii(right({column}, 1)) # 1) from length({column}))"
    value = flipped if column.endswith("digest") else OTHER_VALUE.get(column, text)

    tamper(f"UPDATE audit_auditentry SET {column} = {value} WHERE entry_id = 2")  # noqa: S608 - ours

    assert verify_chain() == 2


def test_the_anchor_shows_that_the_newest_entries_were_cut_off(
    trail: list[AuditEntry], tamper: Callable[[str], None]
) -> None:
    anchor = get_chain_end()
    tamper("DELETE FROM audit_auditentry WHERE entry_id = 3")

    assert verify_chain() is None
    assert verify_chain(anchor) == 3


def test_the_anchor_shows_a_trail_written_anew(trail: list[AuditEntry]) -> None:
    assert verify_chain(get_chain_end()) is None
    assert verify_chain(ChainEnd(2, bytes(32))) == 2
