"""`yijian import`: an institution's past from files; what is done is told, and done once."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from yijian.config.commands.setup import set_up_django
from yijian.foundation.errors import CannotGoOn

if TYPE_CHECKING:
    from yijian.foundation.backfill.api import Counts, FileProgress
    from yijian.gateways.backfill.importing import Imported

__all__ = ["imports"]

imports = typer.Typer(help="Record an institution's past from NDJSON or CSV files.", no_args_is_help=True)

Paths = Annotated[
    list[Path], typer.Argument(help="Files (.ndjson .jsonl .csv .tsv .txt, also .gz) or directories of them.")
]
InstitutionCode = Annotated[str, typer.Option("--institution", help="Code of the institution they are of.")]
Check = Annotated[bool, typer.Option("--check", help="Say what would happen; record nothing.")]
Accounts = Annotated[
    Path | None, typer.Option("--accounts", help="Where accounts go; beside each file if not given.")
]
PLAIN_SECONDS = 10.0
"""Between lines of progress where no terminal is."""
INTERRUPTED = 130


@imports.command("reports")
def import_reports(
    paths: Paths, institution: InstitutionCode, check: Check = False, accounts: Accounts = None
) -> None:
    """Import reports: NDJSON of the API's reports, or tables of one row a result.

    Run it again after an interruption: it goes on where it was. Refused entries are written to a file beside,
    to be corrected and imported in their turn; then the exit status is 1.
    """
    _import("reports", paths, institution, accounts, check=check)


@imports.command("orders")
def import_orders(
    paths: Paths, institution: InstitutionCode, check: Check = False, accounts: Accounts = None
) -> None:
    """Import order facts: placed, executed, cancelled, charged."""
    _import("orders", paths, institution, accounts, check=check)


@imports.command("original")
def import_original(
    sha256: str, to: Annotated[Path, typer.Option(help="Where to write the file; it must not exist.")]
) -> None:
    """Write an imported file as it came, by the SHA-256 that its account names."""
    set_up_django()
    from yijian.domains.results.api import document_store  # noqa: PLC0415 - loads models
    from yijian.foundation.backfill import api as backfill  # noqa: PLC0415

    try:
        manifest_key = backfill.find_manifest(bytes.fromhex(sha256))
    except ValueError:
        raise CannotGoOn("The SHA-256 is 64 hexadecimal digits: take it from the account.") from None
    if manifest_key is None:
        raise CannotGoOn("No file of this content was imported: take the SHA-256 from the account.")
    with to.open("xb") as file:
        for piece in backfill.read_archived(document_store(), manifest_key):
            file.write(piece)


def _import(
    kind: str, paths: list[Path], institution_code: str, accounts: Path | None, *, check: bool
) -> None:
    set_up_django()
    from yijian.domains.institutions.models import Institution  # noqa: PLC0415 - loads models
    from yijian.gateways.backfill.codec import Kind  # noqa: PLC0415
    from yijian.gateways.backfill.files import find_files  # noqa: PLC0415
    from yijian.gateways.backfill.importing import Job, import_file  # noqa: PLC0415

    if not Institution.objects.filter(code=institution_code).exists():
        raise CannotGoOn(f"There is no institution {institution_code}: enter it under /admin/ first.")
    job = Job(Kind(kind), institution_code, accounts, check)
    refused = 0
    for path in find_files(paths):
        try:
            with _progress(path) as tell:
                imported = import_file(path, job, tell)
        except KeyboardInterrupt:
            sys.stderr.write(f"yijian: {path.name} is not finished; run the same command again to go on.\n")
            raise SystemExit(INTERRUPTED) from None
        typer.echo(_sentence(path, imported, check=check))
        refused += imported.progress.counts.refused
    if refused:
        raise SystemExit(1)


def _sentence(path: Path, imported: "Imported", *, check: bool) -> str:
    counts, account = imported.progress.counts, imported.account
    head = "would be" if check else "already imported:" if imported.before else "imported:"
    again = f"; refused entries: {account.refused}" if account.refused else ""
    return f"{path.name} {head} {_tally(counts)}; account: {account.summary}{again}"


def _tally(counts: "Counts") -> str:
    return (
        f"{counts.recorded} recorded, {counts.duplicate} duplicate, "
        f"{counts.waiting} waiting, {counts.refused} refused"
    )


@contextmanager
def _progress(path: Path) -> Iterator[Callable[["FileProgress", int], None]]:
    """Give what shows progress: a bar on a terminal, else a line now and then, both on stderr."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plain(path)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[said]}"), console=console) as progress:
        task = progress.add_task(path.name, total=None, said="")
        first: list[tuple[float, int]] = []

        def tell(done: "FileProgress", length: int) -> None:
            first[:] = first or [(time.monotonic(), done.counts.total())]
            seconds = time.monotonic() - first[0][0]
            rate = (done.counts.total() - first[0][1]) / seconds if seconds > 0 else 0.0
            said = f"{rate:,.0f}/s {_tally(done.counts)}"
            progress.update(task, completed=done.position, total=length, said=said)

        yield tell


def _plain(path: Path) -> Callable[["FileProgress", int], None]:
    said_at = time.monotonic()

    def tell(done: "FileProgress", length: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= PLAIN_SECONDS:
            said_at = time.monotonic()
            share = done.position / length if length else 1.0
            sys.stderr.write(f"{path.name}: {share:.0%}, {_tally(done.counts)}\n")

    return tell
