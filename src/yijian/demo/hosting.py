"""A region on this machine: prepared once, told its year once, its stories kept true at every start."""

import asyncio
import gc
import shutil
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from django.db import connection
from rich.console import Console

from yijian.demo.accounts import issue_clients, issue_users
from yijian.demo.calendar import Calendar
from yijian.demo.consents import issue_patients, record_wills
from yijian.demo.doors import Doors, open_doors
from yijian.demo.drafts import draft_rules
from yijian.demo.events import Year
from yijian.demo.handover import (
    credentials_of,
    patients_of,
    read_handover,
    show_handover,
    write_handover,
)
from yijian.demo.load import Backfill, load_year, tell_stories
from yijian.demo.master_data import region_stands, store_region
from yijian.demo.mess import make_mess
from yijian.demo.past import Import
from yijian.demo.people import make_residents
from yijian.demo.progress import Steps
from yijian.demo.reports import make_year
from yijian.demo.stories import Story, make_stories
from yijian.demo.trials import Difference, try_stories
from yijian.foundation.accounts.client_secret import secret_matches
from yijian.foundation.accounts.models import Client, User
from yijian.foundation.errors import CannotGoOn
from yijian.kit.clock import now

__all__ = ["Demo"]

SEED = 42


class Progressed(msgspec.Struct, frozen=True):
    """How far the loading came: its moment (all times hang on it), and whether it was finished."""

    moment: datetime
    loaded: bool = False


class Demo:
    """The demo of one home directory."""

    def __init__(self, home: Path, addresses: dict[str, Any], console: Console, residents: int) -> None:
        self._pasts = home / "import"
        self._handover = home / "demo.json"
        self._progress = home / "demo-progress.json"
        self._addresses = addresses
        self._console = console
        self._residents = residents
        self._document: dict[str, Any] = {}
        self._moment = now().replace(microsecond=0)

    def prepare(self) -> None:
        """Write master data where there is none, and see that the accounts are those handed over."""
        if not region_stands():
            self._progress.unlink(missing_ok=True)
            rows = store_region(Calendar(self._moment))
            self._console.print(f"master data: {rows} rows", highlight=False)
        before = read_handover(self._handover)
        accounts = (
            {"clients": before["clients"], "users": before["users"]}
            if before and _still_hold(before)
            else {"clients": issue_clients(), "users": issue_users()}
        )
        patients = before["patients"] if before else []
        write_handover(self._handover, self._addresses | accounts | {"patients": patients})

    async def fill(self, import_reports: Import, until_ready: Callable[[], Awaitable[None]]) -> None:
        """Load the year unless it was, try the stories, and hand over; `prepare` has made the accounts."""
        self._document = read_handover(self._handover) or {}
        progressed = self._read_progress()
        year = None if progressed.loaded else self._make_year(Calendar(progressed.moment))
        steps, stories = Steps(self._console), make_stories(Calendar(self._moment))
        mllp = self._addresses["mllp"]
        async with open_doors(
            self._addresses["base_url"], (mllp["host"], mllp["port"]), credentials_of(self._document)
        ) as doors:
            await until_ready()
            loaded = year is None
            if year:
                await self._load(doors, progressed.moment, year, steps, import_reports)
            different = await try_stories(doors, stories, hypothetical=loaded)
            if different and loaded:
                different = await self._tell_again(doors, different, steps)
        self._accept(different, changed_by_visitors=loaded)
        now_otherwise = {each.story.resident.resident_id: each.as_it_is for each in different}
        stories = [now_otherwise.get(story.resident.resident_id, story) for story in stories]
        self._document["patients"] = patients_of(stories)
        await asyncio.to_thread(self._let_people_speak, stories)
        write_handover(self._handover, self._document)
        show_handover(self._console, self._document, self._handover)

    def _let_people_speak(self, stories: Sequence[Story]) -> None:
        """See that some patients said what they want, and that rules wait for a signature."""
        with closing(connection):
            if not any(user["role"] == "patient" for user in self._document["users"]):
                self._document["users"].extend(issue_patients(stories))
            record_wills(stories)
            draft_rules()

    def _make_year(self, calendar: Calendar) -> Year:
        residents = make_residents(calendar.today, self._residents, Random(SEED))
        year = make_year(calendar, residents, Random(SEED))
        year.events.extend(make_mess(year.events, Random(SEED)))
        year.events.sort(key=lambda event: event.at)
        gc.freeze()  # the year stays until it is told: nobody need look through it for garbage
        return year

    async def _load(
        self, doors: Doors, moment: datetime, year: Year, steps: Steps, import_reports: Import
    ) -> None:
        """Tell the year as of its moment; what a start left unfinished is sent again.

        Everything but the questions is the same the second time, and taken as a repetition.
        """
        self._write_progress(Progressed(moment))
        calendar = Calendar(moment)
        self._pasts.mkdir(mode=0o700, exist_ok=True)
        backfill = Backfill(import_reports, self._pasts, calendar.joined_at)
        await load_year(doors, year, make_stories(calendar), steps, backfill)
        shutil.rmtree(self._pasts)
        self._write_progress(Progressed(moment, loaded=True))

    def _read_progress(self) -> Progressed:
        try:
            return msgspec.json.decode(self._progress.read_bytes(), type=Progressed)
        except (OSError, msgspec.DecodeError):
            return Progressed(self._moment)

    def _write_progress(self, progressed: Progressed) -> None:
        self._progress.write_bytes(msgspec.json.encode(progressed))

    async def _tell_again(
        self, doors: Doors, different: Sequence[Difference], steps: Steps
    ) -> list[Difference]:
        """Time has moved on: send fresh reports for the stories that are no longer true, and try them."""
        aged: list[Story] = [each.story for each in different]
        self._console.print(f"stories told again: {', '.join(story.code for story in aged)}")
        await tell_stories(doors, aged, steps)
        return await try_stories(doors, aged, hypothetical=True)

    def _accept(self, different: Sequence[Difference], *, changed_by_visitors: bool) -> None:
        """Refuse a first start that does not keep its word; later, visitors may have changed a story."""
        refused = [each for each in different if each.outcome is None]
        if refused or (different and not changed_by_visitors):
            raise CannotGoOn(f"The demo does not answer as it should: {'; '.join(map(str, different))}.")
        for each in different:
            self._console.print(f"changed since it was told: {each}", markup=False, highlight=False)


def _still_hold(document: dict[str, Any]) -> bool:
    """Tell whether the accounts handed over are those of this database."""
    digests = dict(Client.objects.values_list("client_id", "secret_digest"))
    users = set(User.objects.values_list("username", flat=True))
    first = document["clients"][0]
    return (
        {client["client_id"] for client in document["clients"]} <= digests.keys()
        and {user["username"] for user in document["users"]} <= users
        and secret_matches(first["client_secret"], digests[first["client_id"]])
    )
