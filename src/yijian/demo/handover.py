"""`demo.json`: what a visitor or a test needs to come in (contract §3), readable by its owner alone."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from yijian.demo.doors import Credential
from yijian.demo.stories import Story
from yijian.demo.tables import find_institution

__all__ = ["credentials_of", "patients_of", "read_handover", "show_handover", "write_handover"]

Json = dict[str, Any]


def read_handover(path: Path) -> Json | None:
    """Return what the start before handed over, None where nothing readable stands there."""
    try:
        document: Json = msgspec.json.decode(path.read_bytes(), type=dict)
    except (OSError, msgspec.DecodeError):
        return None
    return document if {"clients", "users"} <= document.keys() else None


def write_handover(path: Path, document: Json) -> None:
    """Write the file whole or not at all, mode 0600."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with open(draft, "xb", opener=_open_private) as file:
        file.write(msgspec.json.format(msgspec.json.encode(document), indent=2))
    draft.replace(path)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def credentials_of(document: Json) -> dict[str, Credential]:
    """Return the programs' credentials by institution."""
    return {
        client["institution_code"]: Credential(
            client["client_id"], client["client_secret"], tuple(client["scopes"])
        )
        for client in document["clients"]
    }


def patients_of(stories: Sequence[Story]) -> list[Json]:
    """Return the patients of the stories, each with the trial and what it answers."""
    return [
        {
            "resident_id": story.resident.resident_id,
            "name": story.resident.name,
            "sex": story.resident.sex,
            "birth_date": story.resident.birth_date.isoformat(),
            "story": story.text,
            "story_code": story.code,
            "try": {
                "institution_code": story.trial.institution_code,
                "encounter_type": story.trial.encounter_type.value,
                "purpose": "diagnosis",
                "authorisation": story.trial.authorisation,
                "items": [{"system": "item", "code": code} for code in story.trial.items],
                "expect": story.trial.expect.value,
            },
        }
        for story in stories
    ]


def show_handover(console: Console, document: Json, path: Path) -> None:
    """Print the addresses, the people and where the rest stands."""
    mllp, dimse = document["mllp"], document["dimse"]
    console.print(f"\n网页 web    {document['base_url']}/", markup=False)
    console.print(f"HL7 MLLP    {mllp['host']}:{mllp['port']}", markup=False)
    console.print(f"DICOM       {dimse['host']}:{dimse['port']} ({dimse['ae_title']})", markup=False)
    console.print(_people(document["users"]))
    console.print(_patients(document["patients"]))
    count = len(document["clients"])
    console.print(
        f"病例与 {count} 个程序的凭据 patients, credentials of {count} programs: {path}", markup=False
    )


def _people(users: Sequence[Json]) -> Table:
    table = Table(title="人员 people", box=None, title_justify="left", header_style="bold")
    for title in ("role", "institution", "username", "password"):
        table.add_column(title, no_wrap=True)
    for user in users:
        code = user["institution_code"]
        institution = find_institution(code).name_zh if code else "-"
        table.add_row(user["role"], institution, user["username"], user["password"])
    return table


def _patients(patients: Sequence[Json]) -> Table:
    table = Table(title="病例 patients", box=None, title_justify="left", header_style="bold")
    for title in ("resident_id", "name", "story", "expect"):
        table.add_column(title, no_wrap=True)
    for patient in patients:
        name, code, trial = patient["name"], patient["story_code"], patient["try"]
        table.add_row(patient["resident_id"], name, code, trial["expect"])
    return table
