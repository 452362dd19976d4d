"""What would have changed for recorded matches if a draft of the rules had been in force."""

import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction

from yijian.domains.consent.hot import RIDING_THEN
from yijian.domains.identity.values import Certainty
from yijian.domains.recognition.models import Match, MatchItem
from yijian.domains.recognition.ordering import build_order, wanted_codes
from yijian.domains.recognition.posing import pose, recorded_request
from yijian.domains.recognition.rules import decide
from yijian.domains.recognition.values import AnsweredItem, MatchRequest, Order
from yijian.domains.results.hot import CANDIDATES_AT, with_riding
from yijian.domains.sharing.api import get_rulebook, is_concerned, rulebook_with
from yijian.domains.sharing.values import Agreement, RegionOptions, Rulebook
from yijian.foundation.audit.api import record_access
from yijian.foundation.database.sync import fetch
from yijian.kit.clock import CHINA

__all__ = ["Example", "Preview", "preview_version"]

CAP = 20_000
"""Matches decided again at most; of more every n-th is taken, told by `Preview.every`."""
CHUNK = 200
EXAMPLES_EACH = 5
SILENT = "_silent"
STATEMENT = with_riding(CANDIDATES_AT, RIDING_THEN)


@dataclass(frozen=True, slots=True)
class Example:
    """One item that would have been answered otherwise."""

    match_id: str
    institution_code: str
    item_code: str
    matched_at: str
    before: str
    after: str
    reasons: tuple[str, ...]
    """What speaks after the change and did not before."""


@dataclass(slots=True)
class Preview:
    """Counts of items whose answer changes; `outcome_silent` is an answer that reminds nobody."""

    since: datetime
    until: datetime
    matches: int = 0
    every: int = 1
    looked_at: int = 0
    items: int = 0
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_institution: Counter[str] = field(default_factory=Counter)
    by_item: Counter[str] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)

    def as_document(self) -> dict[str, Any]:
        """Return it as it is kept with a submitted version."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "matches": self.matches,
            "every": self.every,
            "looked_at": self.looked_at,
            "items": self.items,
            "changes": [
                {"before": before, "after": after, "items": count}
                for (before, after), count in self.changes.most_common()
            ],
            "by_institution": dict(self.by_institution.most_common()),
            "by_item": dict(self.by_item.most_common()),
            "examples": [asdict(each) | {"reasons": list(each.reasons)} for each in self.examples],
        }


def preview_version(
    draft: Agreement | RegionOptions,
    since: datetime,
    until: datetime,
    *,
    by: str,
    cap: int = CAP,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Preview:
    """Decide the matches of a period again, by the rules in force and with a draft put in.

    Both sides see the reports as they stood then and the patient's will as it was; what was recorded is
    left alone.
    """
    now = get_rulebook()
    then = rulebook_with(now, draft)
    matches = _matches(now, draft, since, until)
    total = matches.count()
    preview = Preview(since, until, matches=total, every=max(1, -(-total // cap)))
    for match, codes in _with_items(match for match in matches.iterator(CHUNK) if _is_taken(match, preview)):
        _compare(preview, now, then, match, codes)
        preview.looked_at += 1
        progress(preview.looked_at, total // preview.every)
    with transaction.atomic():
        detail = {"since": since.isoformat(), "until": until.isoformat(), "matches": preview.looked_at}
        record_access(
            actor=by,
            institution_code="",
            action="rules.preview",
            person_id=None,
            legal_basis="supervision",
            detail=detail,
        )
    return preview


def _matches(rulebook: Rulebook, draft: Agreement | RegionOptions, since: datetime, until: datetime) -> Any:
    on = until.astimezone(CHINA).date()
    concerned = [
        code for code, each in rulebook.institutions.items() if is_concerned(rulebook, draft, each, on)
    ]
    return Match.objects.filter(
        institution_code__in=concerned, matched_at__gte=since, matched_at__lt=until
    ).order_by("institution_code", "matched_at")


def _is_taken(match: Match, preview: Preview) -> bool:
    """Choose by a digest of the id: the same sample each time, spread over days and institutions."""
    return zlib.crc32(match.match_id.bytes) % preview.every == 0


def _with_items(matches: Iterator[Match]) -> Iterator[tuple[Match, Sequence[str]]]:
    """Yield each match with the codes it asked for and found something of, a chunk at a time."""
    while chunk := list(islice(matches, CHUNK)):
        rows = MatchItem.objects.filter(
            person_id__in={match.person_id for match in chunk},
            match_id__in=[match.match_id for match in chunk],
            parent=None,
        )
        codes: dict[UUID, list[str]] = defaultdict(list)
        for match_id, code in rows.order_by("sequence").values_list("match_id", "item_code"):
            codes[match_id].append(code)
        yield from ((match, codes[match.match_id]) for match in chunk if match.match_id in codes)


def _compare(preview: Preview, now: Rulebook, then: Rulebook, match: Match, codes: Sequence[str]) -> None:
    request = recorded_request(match, codes)
    order = build_order(now, match.institution_code, request, Certainty.CERTAIN, match.matched_at)
    rows = fetch(STATEMENT, match.person_id, wanted_codes(now, order.items), match.matched_at)
    for old, new in zip(
        *(_answers(rules, order, request, match, rows) for rules in (now, then)), strict=True
    ):
        preview.items += 1
        if _said(old) != _said(new):
            _count(preview, match, old, new)


def _answers(
    rulebook: Rulebook, order: Order, request: MatchRequest, match: Match, rows: Sequence[Mapping[str, Any]]
) -> tuple[AnsweredItem, ...]:
    posed = pose(rulebook, order, request, match.person_id, None, match.matched_at, rows)
    return decide(rulebook, posed.order, posed.candidates).items


def _said(answered: AnsweredItem) -> str:
    return f"{answered.outcome.value}{SILENT if answered.suppressed else ''}"


def _count(preview: Preview, match: Match, before: AnsweredItem, after: AnsweredItem) -> None:
    change = (_said(before), _said(after))
    preview.changes[change] += 1
    preview.by_institution[match.institution_code] += 1
    preview.by_item[after.ordered.code] += 1
    if preview.changes[change] <= EXAMPLES_EACH:
        known = {reason.code for reason in before.reasons}
        new = tuple(reason.code for reason in after.reasons if reason.code not in known)
        preview.examples.append(
            Example(
                str(match.match_id),
                match.institution_code,
                after.ordered.code,
                match.matched_at.isoformat(),
                *change,
                new,
            )
        )
