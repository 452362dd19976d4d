"""How far the loading is, on a terminal or in a log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = ["Step", "Steps"]

Step = Callable[[], None]
"""Tells that one more thing is done."""


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
            yield lambda: progress.advance(task)
        if not live:
            self._console.print(f"{title}: {total}", markup=False)
