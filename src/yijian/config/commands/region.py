"""`yijian region`: the stages in which the demo's region is made, each in a process of its own."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from yijian.config.commands.setup import set_up_django
from yijian.config.demo import RESIDENTS, addresses_of
from yijian.config.environment import Environment, read_environment
from yijian.config.readiness import until_ready
from yijian.foundation.errors import CannotGoOn

__all__ = ["region"]

region = typer.Typer(help="Make the demo's region.", no_args_is_help=True)
Residents = Annotated[int, typer.Option(min=1, help="How many live there, at the first start.")]


@region.command("prepare")
def prepare(residents: Residents = RESIDENTS) -> None:
    """Bring the database up to date, write master data where there is none, and see to the accounts."""
    set_up_django()
    from django.core.management import call_command  # noqa: PLC0415 - loads Django

    from yijian.demo.hosting import Demo  # noqa: PLC0415 - loads models

    environment = _environment()
    call_command("migrate", verbosity=0)
    Demo(environment.home, addresses_of(environment), _console(), residents).prepare()


@region.command("fill")
def fill(residents: Residents = RESIDENTS) -> None:
    """Load the year through the interfaces unless it was, try the stories, and hand over.

    What can be done while the services are starting is done meanwhile.
    """
    set_up_django()
    from yijian.demo.hosting import Demo  # noqa: PLC0415 - loads models

    environment = _environment()
    addresses = addresses_of(environment)
    demo = Demo(environment.home, addresses, _console(), residents)
    asyncio.run(demo.fill(_import_reports, lambda: until_ready(addresses)))


def _environment() -> Environment:
    environment = read_environment(os.environ)
    if not environment.demo:
        raise CannotGoOn("This is for the demo alone: `make demo` runs it.")
    return environment


def _console() -> Console:
    return Console(soft_wrap=True)


async def _import_reports(institution_code: str, path: Path) -> None:
    """Run `yijian import reports` as the institution's people would."""
    log = path.with_suffix(".log")
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "yijian.config.cli", "--attached", "import", "reports", str(path)),
            *("--institution", institution_code),
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
        )
        status = await process.wait()
    if status:
        raise CannotGoOn(f"The past of {institution_code} is not imported: {log.read_text()[-500:]}")
