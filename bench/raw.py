"""What pgbench does instead of us: scripts for each figure's raw engine."""

import re

from bench.history import ITEMS, PERSON_OF_NUMBER, REPORT_TABLES, RESIDENTS, SOURCES, copying
from yijian.domains.consent.hot import RIDING
from yijian.domains.results.hot import CANDIDATES, with_riding

__all__ = ["STATEMENT", "candidates", "keeping", "recording"]

STATEMENT = with_riding(CANDIDATES, RIDING)
"""What an order check asks the database: $1 person, $2 item codes, $3 moment."""
COMMENT = re.compile(r"--.*")
"""pgbench would look for its variables in them."""

TEXTS = (
    "protocol",
    "institution_code",
    "facility",
    "control_id",
    "message_type",
    "reason_code",
    "reason_text",
)


def candidates(residents: int) -> str:
    """Ask the candidate statement: the product's own text, the same items, a resident of chance."""
    person = PERSON_OF_NUMBER.format(n=":n::int")
    codes = f"'{{{','.join(ITEMS)}}}'"
    statement = COMMENT.sub("", STATEMENT).replace("$1", person).replace("$2", codes).replace("$3", "now()")
    return f"\\set n random(1, {residents})\n{statement};\n"


def keeping(size: int) -> str:
    """Keep a message of this size: one row, one commit."""
    values = {
        "message_id": "gen_random_uuid()",
        "received_at": "now()",
        "raw": f"decode(repeat('41', {size}), 'hex')",
        "digest": "decode(repeat('41', 32), 'hex')",
        "lane": "0",
        "attempts": "0",
        "state": "'recorded'",
    } | dict.fromkeys(TEXTS, "''")
    return f"INSERT INTO inbox_inboxmessage ({', '.join(values)}) VALUES ({', '.join(values.values())});"  # noqa: S608


def recording() -> str:
    """Record a report: the rows of one that is known written again, one commit."""
    source = next(iter(SOURCES))
    find = (
        "SELECT person_id AS person, report_id AS known, gen_random_uuid() AS fresh FROM results_reportkey"  # noqa: S608
        f" WHERE report_no = 'B{source}-' || :n AND institution_code = '{source}' \\gset"
    )
    changed = {"report_id": ":fresh::uuid", "report_no": ":fresh::text"}
    inserts = [
        f"{copying(name, changed)} WHERE t.person_id = :person::uuid AND t.report_id = :known::uuid;"
        for name in REPORT_TABLES
    ]
    return "\n".join((f"\\set n random(1, {RESIDENTS})", find, "BEGIN;", *inserts, "COMMIT;", ""))
