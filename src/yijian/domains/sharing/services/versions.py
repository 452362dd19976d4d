"""Draft, submit, sign, withdraw: a version of the rules counts only when a second person signed it."""

from datetime import date, datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Max, Model, QuerySet

from yijian.domains.sharing import errors, models
from yijian.domains.sharing.compare import compare_versions
from yijian.domains.sharing.models import VersionState
from yijian.domains.sharing.published import PublishedRules
from yijian.domains.sharing.rows import agreement_row, options_row, party_row, window_row
from yijian.domains.sharing.values import Agreement, RegionOptions
from yijian.domains.sharing.versions import Row, VersionKey, get_row, value_of
from yijian.kit.clock import CHINA

__all__ = [
    "draft_published",
    "draft_version",
    "edit_draft",
    "return_version",
    "sign_version",
    "submit_version",
    "withdraw_draft",
]

OPEN = (VersionState.DRAFT, VersionState.SUBMITTED)
Written = TypeVar("Written", models.Agreement, models.RegionOptions)


@transaction.atomic
def draft_version(
    value: Agreement | RegionOptions, *, author: str, at: datetime, first: bool = False
) -> VersionKey:
    """Keep a draft of the next version, often an edited copy of an older one; its number is given here.

    One draft of a name at a time: the one before is signed or withdrawn first. With `first` the name is to be
    a new one: nothing of it stands.
    """
    earlier = list(_versions_of(value).select_for_update())
    if first and any(row.state != VersionState.WITHDRAWN for row in earlier):
        raise errors.name_taken()
    for open_one in (row for row in earlier if row.state in OPEN):
        raise errors.version_open(open_one.version)
    number = max((row.version for row in earlier), default=0) + 1
    history = {"version": number, "state": VersionState.DRAFT, "drafted_by": author, "drafted_at": at}
    if isinstance(value, Agreement):
        agreement = _create(models.Agreement, agreement_row(value) | history)
        _write_parts(agreement, value)
        return VersionKey("agreement", agreement.pk)
    return VersionKey("options", _create(models.RegionOptions, options_row(value) | history).pk)


@transaction.atomic
def draft_published(rules: PublishedRules, *, author: str, at: datetime) -> list[VersionKey]:
    """Draft what a region published, where it differs from the newest signed version of the same name."""
    values: list[Agreement | RegionOptions] = [*rules.agreements, *rules.options]
    return [draft_version(each, author=author, at=at) for each in values if _differs_from_signed(each)]


def _differs_from_signed(value: Agreement | RegionOptions) -> bool:
    newest = _versions_of(value).filter(state=VersionState.SIGNED).order_by("-version").first()
    return newest is None or bool(compare_versions(value_of(newest), value))


@transaction.atomic
def edit_draft(key: VersionKey, value: Agreement | RegionOptions, *, by: str) -> None:
    """Replace what a draft says; only its author does, and its number and name stay."""
    row = _authors_draft(key, by)
    columns = agreement_row(value) if isinstance(value, Agreement) else options_row(value)
    for name in columns.keys() - {"version", "code", "scope_kind", "scope_code"}:
        setattr(row, name, columns[name])
    row.preview = None
    row.save()
    if isinstance(row, models.Agreement) and isinstance(value, Agreement):
        for parts in (row.items, row.windows, row.members):
            parts.all().delete()
        _write_parts(row, value)


@transaction.atomic
def submit_version(key: VersionKey, preview: dict[str, Any], *, by: str, at: datetime) -> None:
    """Hand a draft over for signature, with what it would have meant for recorded matches."""
    row = _authors_draft(key, by)
    row.state, row.submitted_at, row.preview = VersionState.SUBMITTED, at, preview
    row.save()


@transaction.atomic
def return_version(key: VersionKey, *, reason: str, by: str, at: datetime) -> None:
    """Send a submitted version back to its author, who edits and submits it again."""
    row = get_row(key, lock=True)
    if row.state != VersionState.SUBMITTED:
        raise errors.version_state(row.state, VersionState.SUBMITTED.value)
    if not reason.strip():
        raise errors.reason_missing()
    row.state, row.returned_by, row.returned_at = VersionState.DRAFT, by, at
    row.return_reason = reason[:255]
    row.save()


@transaction.atomic
def sign_version(key: VersionKey, *, by: str, at: datetime) -> None:
    """Put a submitted version into force from its date on; a person other than its author signs.

    It ends the version before on that date. Only the first version of a name may begin in the past:
    later ones would change what was answered.
    """
    row = get_row(key, lock=True)
    if row.state != VersionState.SUBMITTED:
        raise errors.version_state(row.state, VersionState.SUBMITTED.value)
    if _is_same(by, row.drafted_by):
        raise errors.same_person()
    _check_effective_date(row, at.astimezone(CHINA).date())
    row.state, row.signed_by, row.signed_at = VersionState.SIGNED, by, at
    row.save()


@transaction.atomic
def withdraw_draft(key: VersionKey, *, by: str, at: datetime) -> None:
    """Give a draft or a submitted version up; it stays readable and its number is not used again."""
    row = get_row(key, lock=True)
    if row.state not in OPEN:
        raise errors.version_state(row.state, VersionState.DRAFT.value)
    row.state, row.withdrawn_by, row.withdrawn_at = VersionState.WITHDRAWN, by, at
    row.save()


def _create(model: type[Written], columns: dict[str, Any]) -> Written:
    """Write a version; refuse it where somebody wrote one of its number at the same moment."""
    try:
        with transaction.atomic():
            return model._default_manager.create(**columns)
    except IntegrityError as taken:
        raise errors.version_open(columns["version"]) from taken


def _versions_of(value: Agreement | RegionOptions) -> QuerySet[Any]:
    if isinstance(value, Agreement):
        return models.Agreement.objects.filter(code=value.code)
    return models.RegionOptions.objects.filter(scope_kind=value.scope.kind, scope_code=value.scope.code)


def _authors_draft(key: VersionKey, by: str) -> Row:
    row = get_row(key, lock=True)
    if row.state != VersionState.DRAFT:
        raise errors.version_state(row.state, VersionState.DRAFT.value)
    if not _is_same(by, row.drafted_by):
        raise errors.version_not_yours()
    return row


def _is_same(one: str, other: str) -> bool:
    """Tell whether two names are one person's, however they were typed."""
    return one.strip().casefold() == other.strip().casefold()


def _check_effective_date(row: Row, today: date) -> None:
    same = (
        {"code": row.code}
        if isinstance(row, models.Agreement)
        else {
            "scope_kind": row.scope_kind,
            "scope_code": row.scope_code,
        }
    )
    signed = type(row)._default_manager.filter(state=VersionState.SIGNED, **same)
    latest = signed.aggregate(latest=Max("effective_from"))["latest"]
    if latest is not None and row.effective_from < max(today, latest):
        raise errors.effective_date(max(today, latest))


def _write_parts(row: models.Agreement, agreement: Agreement) -> None:
    codes = set(agreement.items or ()) | {w.item_code for w in agreement.windows if w.item_code}
    _check_known(models.AgreementItem, "item", codes)
    parties = [party_row(party) for party in agreement.parties]
    for name in ("institution", "region", "consortium"):
        _check_known(models.AgreementMember, name, {p[f"{name}_id"] for p in parties if f"{name}_id" in p})
    models.AgreementItem.objects.bulk_create(
        [models.AgreementItem(agreement=row, item_id=code) for code in sorted(agreement.items or ())]
    )
    models.AgreementWindow.objects.bulk_create(
        [models.AgreementWindow(agreement=row, **window_row(window)) for window in agreement.windows]
    )
    models.AgreementMember.objects.bulk_create(
        [models.AgreementMember(agreement=row, **party) for party in parties]
    )


def _check_known(part: type[Model], name: str, codes: set[str]) -> None:
    """Refuse codes that a part's foreign key of this name would not find."""
    known: type[Model] = part._meta.get_field(name).related_model  # type: ignore[assignment]
    found = set(known._default_manager.filter(pk__in=codes).values_list("pk", flat=True)) if codes else set()
    if missing := sorted(codes - found):
        raise errors.reference_unknown("items" if name == "item" else "parties", missing)
