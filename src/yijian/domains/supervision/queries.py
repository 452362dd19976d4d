"""Counts over recognition's facts. Every figure comes from one statement per fact."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from yijian.domains.recognition.values import DecisionKind
from yijian.domains.supervision.rules import rates_of
from yijian.domains.supervision.values import Facts, Overview
from yijian.foundation.database.sync import fetch
from yijian.kit.sql import read_sql

__all__ = ["get_overview"]

PACKAGE = "yijian.domains.supervision"


def get_overview(institutions: Sequence[str], since: datetime, until: datetime) -> Overview:
    """Count a period [since, until) over some institutions."""
    window = (list(institutions), since, until)
    declines: dict[tuple[str, str, str], int] = defaultdict(int)
    counted: list[tuple[str, str, Facts]] = []
    for row in fetch(read_sql(PACKAGE, "reminders"), *window):
        facts = Facts(reminders=row["reminders"], views=row["views"])
        counted.append((row["institution_code"], row["item_code"], facts))
    for row in fetch(read_sql(PACKAGE, "decisions"), *window):
        number = row["decisions"]
        if row["decision"] == DecisionKind.ACCEPT:
            facts = Facts(accepted=number, saving=row["saving"])
        else:
            facts = Facts(declined=number)
            declines[row["reason_code"], row["regional_code"], row["technical_code"]] += number
        counted.append((row["institution_code"], row["item_code"], facts))
    counted += [
        (row["institution_code"], row["item_code"], Facts(citations=row["citations"]))
        for row in fetch(read_sql(PACKAGE, "citations"), *window)
    ]
    apart = fetch(read_sql(PACKAGE, "apart"), *window)[0]
    total = _sum((("", facts) for _, _, facts in counted)).get("", Facts())
    return Overview(
        since=since,
        until=until,
        total=total,
        rates=rates_of(total),
        by_institution=_sum((institution, facts) for institution, _, facts in counted),
        by_item=_sum((item, facts) for _, item, facts in counted),
        declines=dict(sorted(declines.items())),
        not_recognisable=apart["found"],
        accepted_on_judgement=apart["accepted"],
        institutions=tuple(institutions),
    )


def _sum(pairs: Iterable[tuple[str, Facts]]) -> dict[str, Facts]:
    """Add up by key; the most reminded first."""
    sums: dict[str, Facts] = defaultdict(Facts)
    for key, facts in pairs:
        sums[key].add(facts)
    return dict(sorted(sums.items(), key=lambda entry: (-entry[1].reminders, entry[0])))
