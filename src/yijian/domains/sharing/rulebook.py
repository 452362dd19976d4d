"""From rows to a rulebook, and its version: the digest of everything a decision may depend on. Pure."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from operator import itemgetter
from sys import intern
from typing import Any, TypeVar

import msgspec

from yijian.domains.institutions.values import CampusProfile, InstitutionProfile, Membership
from yijian.domains.sharing.values import (
    Agreement,
    ClockStart,
    Direction,
    GradeRule,
    LocalCode,
    Method,
    Party,
    Price,
    RegionOptions,
    Right,
    Rulebook,
    Scope,
    ScopeKind,
    Suspension,
    SuspensionKind,
    Window,
)
from yijian.domains.terminology.values import Item

__all__ = ["FIRST_USE", "MARKER", "STATEMENTS", "agreement_of", "assemble", "ended_by_newer", "options_of"]

Rows = Sequence[Mapping[str, Any]]

DIGESTED = 2000
"""Rows that are digested at once."""

MARKER = "SELECT coalesce(max(changes), 0) AS changes FROM sharing_rulebookmarker"
"""Changes with every change to a table the rulebook is made of, and never to a number it had before."""

FIRST_USE = (
    "INSERT INTO sharing_rulebookversion (version, first_seen_at) VALUES ($1, clock_timestamp())"
    " ON CONFLICT DO NOTHING RETURNING version"
)
"""Keeps the name of a rulebook when it is first read; one that was read before answers no row."""

STATEMENTS: Mapping[str, str] = {
    "items": "SELECT * FROM terminology_catalogueitem ORDER BY code",
    "panels": "SELECT panel_id, item_id FROM terminology_panelmember ORDER BY panel_id, sort, item_id",
    "codes": (
        "SELECT institution_code, local_code, specimen, item_id, laterality, body_site, contrast"
        " FROM terminology_codemap WHERE state = 'confirmed' ORDER BY 1, 2, 3"
    ),
    "regions": "SELECT code, parent_id FROM institutions_region ORDER BY code",
    "alliances": (
        "SELECT alliance_id, region_id, joined_on, left_on FROM institutions_alliancemember ORDER BY 1, 2, 3"
    ),
    "institutions": (
        "SELECT code, name_zh, name_en, region_id, level, grade, kind, ownership"
        " FROM institutions_institution ORDER BY code"
    ),
    "campuses": "SELECT institution_id, code, name_zh, main FROM institutions_campus ORDER BY 1, 2",
    "consortia": (
        "SELECT consortium_id, institution_id, joined_on, left_on"
        " FROM institutions_consortiummember ORDER BY 1, 2, 3"
    ),
    "prices": (
        "SELECT c.institution_id, c.code, p.item_id, p.amount, p.valid_from, p.valid_until"
        " FROM institutions_price AS p JOIN institutions_campus AS c ON c.id = p.campus_id"
        " ORDER BY 1, 2, 3, 5"
    ),
    "agreements": (
        "SELECT id, code, version, name_zh, name_en, scope_kind, scope_code, accepted_marks, mark_required,"
        " all_items, directions, upward_within, grade_rules, shared_within, public_only, clock,"
        " effective_from, effective_until, source, source_url"
        " FROM sharing_agreement WHERE state = 'signed' ORDER BY code, version"
    ),
    "parties": (
        "SELECT m.agreement_id, m.institution_id, m.consortium_id,"
        " r.code AS region_code, r.kind AS region_kind"
        " FROM sharing_agreementmember AS m LEFT JOIN institutions_region AS r ON r.code = m.region_id"
        " JOIN sharing_agreement AS a ON a.id = m.agreement_id AND a.state = 'signed'"
        " ORDER BY 1, 2, 3, 4"
    ),
    "agreement_items": (
        "SELECT i.agreement_id, i.item_id FROM sharing_agreementitem AS i"
        " JOIN sharing_agreement AS a ON a.id = i.agreement_id AND a.state = 'signed' ORDER BY 1, 2"
    ),
    "windows": (
        "SELECT w.agreement_id, w.item_id, w.category, w.care_setting, w.hours"
        " FROM sharing_agreementwindow AS w"
        " JOIN sharing_agreement AS a ON a.id = w.agreement_id AND a.state = 'signed' ORDER BY 1, 2, 3, 4"
    ),
    "options": (
        "SELECT scope_kind, scope_code, version, effective_from, effective_until, settings, source,"
        " source_url FROM sharing_regionoptions WHERE state = 'signed' ORDER BY 1, 2, 3"
    ),
    "rights": (
        "SELECT institution_id, item_id, scope_kind, scope_code, label, valid_from, valid_until, ended_on,"
        " evidence FROM sharing_right ORDER BY 1, 2, 3, 4, 6"
    ),
    "suspensions": (
        "SELECT kind, institution_id, item_id, starts_at, ends_at, raised_at, withdrawn_at, reason,"
        " region_id FROM sharing_suspension ORDER BY id"
    ),
    "methods": (
        "SELECT institution_id, item_id, method_class, valid_from, valid_until FROM sharing_assaymethod"
        " ORDER BY 1, 2, 4"
    ),
}


def assemble(tables: Mapping[str, Rows]) -> Rulebook:
    """Return the rulebook of these rows (one entry per statement above)."""
    items = {row["code"]: _item(row) for row in tables["items"]}
    return Rulebook(
        version=_version(tables),
        items=items,
        panels=_panels(tables["panels"]),
        institutions=_institutions(tables),
        agreements=_agreements(tables),
        rights=_rights(tables["rights"]),
        suspensions=tuple(_suspension(row) for row in tables["suspensions"]),
        methods=_grouped(
            (
                (r["institution_id"], r["item_id"]),
                Method(r["method_class"], r["valid_from"], r["valid_until"]),
            )
            for r in tables["methods"]
        ),
        prices=_grouped(
            (
                (r["institution_id"], r["code"], r["item_id"]),
                Price(r["amount"], r["valid_from"], r["valid_until"]),
            )
            for r in tables["prices"]
        ),
        codes=_codes(items),
        local_codes=_grouped(
            ((r["institution_code"], r["local_code"]), _local_code(r)) for r in tables["codes"]
        ),
        families=_grouped((item.family, item.code) for item in items.values() if item.family),
        options=ended_by_newer([options_of(row) for row in tables["options"]], lambda each: each.scope),
    )


def _version(tables: Mapping[str, Rows]) -> str:
    """Digest the tables as JSON, some rows at a time: what else the process does must not wait for all."""
    digest = hashlib.sha256()
    encode = msgspec.json.Encoder(order="sorted", enc_hook=str).encode
    for name in sorted(STATEMENTS):
        rows = tables[name]
        digest.update(b"[%b,[" % encode(name))
        for first in range(0, len(rows), DIGESTED):
            listed = encode([dict(row) for row in rows[first : first + DIGESTED]])[1:-1]
            digest.update(b"," + listed if first else listed)
        digest.update(b"]]")
    return f"r-{digest.hexdigest()[:16]}"


def _grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, tuple[Any, ...]]:
    grouped: dict[Any, list[Any]] = defaultdict(list)
    for key, value in pairs:
        grouped[key].append(value)
    return {key: tuple(values) for key, values in grouped.items()}


ITEM_FIELDS = tuple(set(Item.__struct_fields__) - {"assumed"})
OPTIONAL_CODES = ("specimen", "laterality", "contrast", "comparability", "sensitive")


def _item(row: Mapping[str, Any]) -> Item:
    fields = {name: row[name] for name in ITEM_FIELDS}
    for name in OPTIONAL_CODES:
        fields[name] = fields[name] or None
    return msgspec.convert(fields, Item, strict=False)


def _panels(rows: Rows) -> dict[str, tuple[str, ...]]:
    return _grouped((row["panel_id"], row["item_id"]) for row in rows)


def _codes(items: Mapping[str, Item]) -> dict[tuple[str, str], str]:
    """Index the catalogue by code system; a LOINC shared by several items is no key."""
    codes = {("item", code): code for code in items}
    loincs = [item.loinc for item in items.values() if item.loinc]
    codes |= {("wst886", item.wst886): code for code, item in items.items() if item.wst886}
    codes |= {
        ("loinc", item.loinc): code
        for code, item in items.items()
        if item.loinc and loincs.count(item.loinc) == 1
    }
    return codes


def _local_code(row: Mapping[str, Any]) -> LocalCode:
    return LocalCode(row["item_id"], row["specimen"], row["laterality"], row["body_site"], row["contrast"])


def _ancestors(parents: Mapping[str, str | None], code: str) -> tuple[str, ...]:
    path: list[str] = []
    at: str | None = code
    while at is not None:
        path.append(at)
        at = parents.get(at)
    return tuple(reversed(path))


def _institutions(tables: Mapping[str, Rows]) -> dict[str, InstitutionProfile]:
    parents = {row["code"]: row["parent_id"] for row in tables["regions"]}
    alliances = _grouped(
        (r["region_id"], Membership(r["alliance_id"], r["joined_on"], r["left_on"]))
        for r in tables["alliances"]
    )
    consortia = _grouped(
        (r["institution_id"], Membership(r["consortium_id"], r["joined_on"], r["left_on"]))
        for r in tables["consortia"]
    )
    campuses = _grouped(
        (r["institution_id"], CampusProfile(r["code"], r["name_zh"], r["main"])) for r in tables["campuses"]
    )
    profiles = {}
    for row in tables["institutions"]:
        regions = _ancestors(parents, row["region_id"])
        profiles[row["code"]] = InstitutionProfile(
            row["code"],
            row["name_zh"],
            row["name_en"],
            row["level"],
            row["grade"],
            row["kind"],
            regions,
            consortia.get(row["code"], ()),
            tuple(member for region in regions for member in alliances.get(region, ())),
            campuses.get(row["code"], ()),
            row["ownership"],
        )
    return profiles


def _party(row: Mapping[str, Any]) -> Party:
    if row["region_code"]:
        return Party(scope=Scope(ScopeKind(row["region_kind"]), row["region_code"]))
    if row["consortium_id"]:
        return Party(scope=Scope(ScopeKind.CONSORTIUM, row["consortium_id"]))
    return Party(institution_code=row["institution_id"])


def _agreements(tables: Mapping[str, Rows]) -> tuple[Agreement, ...]:
    parties = _grouped((r["agreement_id"], _party(r)) for r in tables["parties"])
    items = _grouped((r["agreement_id"], r["item_id"]) for r in tables["agreement_items"])
    windows = _grouped(
        (r["agreement_id"], Window(r["hours"], r["item_id"] or "", r["category"], r["care_setting"]))
        for r in tables["windows"]
    )
    agreements = [
        agreement_of(
            row,
            items=items.get(row["id"], ()),
            parties=parties.get(row["id"], ()),
            windows=windows.get(row["id"], ()),
        )
        for row in tables["agreements"]
    ]
    return ended_by_newer(agreements, lambda agreement: agreement.code)


def agreement_of(
    row: Mapping[str, Any],
    *,
    items: Iterable[str],
    parties: Iterable[Party],
    windows: Iterable[Window],
) -> Agreement:
    """Return the agreement of a row of `sharing_agreement` and its parts."""
    return Agreement(
        code=row["code"],
        version=row["version"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        scope=Scope(ScopeKind(row["scope_kind"]), row["scope_code"]),
        directions=frozenset(Direction(d) for d in row["directions"]),
        clock=ClockStart(row["clock"]),
        effective_from=row["effective_from"],
        effective_until=row["effective_until"],
        accepted_marks=frozenset(ScopeKind(k) for k in row["accepted_marks"]),
        mark_required=row["mark_required"],
        items=None if row["all_items"] else frozenset(items),
        upward_within=ScopeKind(row["upward_within"]) if row["upward_within"] else None,
        grade_rules=msgspec.convert(row["grade_rules"], tuple[GradeRule, ...]),
        shared_within=ScopeKind(row["shared_within"]) if row["shared_within"] else None,
        public_only=row["public_only"],
        parties=tuple(parties),
        windows=tuple(windows),
        source=row["source"],
        source_url=row["source_url"],
    )


def options_of(row: Mapping[str, Any]) -> RegionOptions:
    """Return the options of a row of `sharing_regionoptions`; raise ValueError for a setting out of place."""
    return msgspec.convert(
        {
            **row["settings"],
            "scope": {"kind": row["scope_kind"], "code": row["scope_code"]},
            "version": row["version"],
            "effective_from": row["effective_from"],
            "effective_until": row["effective_until"],
            "source": row["source"],
            "source_url": row["source_url"],
        },
        RegionOptions,
    )


Version = TypeVar("Version", Agreement, RegionOptions)


def ended_by_newer(versions: Sequence[Version], name: Callable[[Version], Any]) -> tuple[Version, ...]:
    """Return the versions, each ended on the day a newer one of its name takes effect."""

    def until(version: Version) -> date | None:
        days = [
            other.effective_from
            for other in versions
            if name(other) == name(version) and other.version > version.version
        ]
        if version.effective_until is not None:
            days.append(version.effective_until)
        return min(days, default=None)

    return tuple(replace(version, effective_until=until(version)) for version in versions)


def _rights(rows: Rows) -> dict[tuple[str, str], tuple[Right, ...]]:
    """Rights of one shape share one object: a province holds a million of them."""
    shared: dict[tuple[Any, ...], tuple[Right]] = {}
    rights: dict[tuple[str, str], tuple[Right, ...]] = {}
    for row in rows:
        shape = RIGHT_FIELDS(row)
        right = shared.get(shape) or shared.setdefault(shape, (_right(*shape),))
        key = (intern(row["institution_id"]), intern(row["item_id"]))
        rights[key] = rights[key] + right if key in rights else right
    return rights


RIGHT_FIELDS = itemgetter(
    "scope_kind", "scope_code", "label", "valid_from", "valid_until", "ended_on", "evidence"
)


def _right(kind: str, code: str, *fields: Any) -> Right:
    return Right(Scope(ScopeKind(kind), code), *fields)


def _suspension(row: Mapping[str, Any]) -> Suspension:
    return Suspension(
        SuspensionKind(row["kind"]),
        row["starts_at"],
        row["raised_at"],
        row["ends_at"],
        row["withdrawn_at"],
        row["institution_id"] or "",
        row["item_id"] or "",
        row["reason"],
        row["region_id"] or "",
    )
