"""A progress bar that says in two languages what is being done."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from service.cli.words import both
from service.kit.problems import Text

Tell = Callable[[Text, float], Awaitable[None]]
"""Told each step, and the share of the whole that is done, from 0 to 1."""


@contextmanager
def told(console: Console) -> Iterator[Tell]:
    """A bar for as long as the block runs; where nobody watches, nothing is drawn."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("", total=1.0)

        async def tell(step: Text, share: float) -> None:
            progress.update(task, description=both(step), completed=share)

        yield tell
