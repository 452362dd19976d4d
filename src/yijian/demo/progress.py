"""How far the loading is, on a terminal or in a log."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = ["Step", "Steps"]


class Step(Protocol):
    """Tells that things are done."""

    def __call__(self, done: int = 1) -> None: ...


class Steps:
    """Shows each step of the work with a bar; in a log, one line when it is done."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, title: str, total: int) -> Iterator[Step]:
        """Show a step of `total` things; the block tells each one."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        live = self._console.is_terminal
        with Progress(*columns, console=self._console, disable=not live) as progress:
            task = progress.add_task(title, total=total)
            yield lambda done=1: progress.advance(task, done)
        if not live:
            self._console.print(f"{title}: {total}", markup=False)
