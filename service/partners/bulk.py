"""Writes the rows of a workbook through the modules that own them, in the order of the sheets."""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError

from service.kit.auth import Caller
from service.kit.db import AsyncSession, Outcome, is_retryable, problem_of
from service.kit.observe import log
from service.kit.problems import Problem, Text
from service.partners.reader import Contents
from service.partners.rules import RowProblem
from service.partners.sheets import BY_NAME

Progress = Callable[[Text, float], Awaitable[None]]
"""Told what is being done and how much of it all is behind, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What happens to dated lessons."""

    lessons_laid: int = 0
    lessons_moved: int = 0
    lessons_cancelled: int = 0


@dataclass(frozen=True, slots=True)
class Applied:
    """What writing a workbook did."""

    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    """By the English name of the sheet."""
    impact: Impact = field(default_factory=Impact)


class RowsRefused(Exception):
    """A module refused the rows of a sheet."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


class Stopwatch:
    """How long each phase took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a block."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = time.perf_counter() - started
            log().debug("import_phase", phase=name, seconds=round(self.seconds[name], 3))


@contextmanager
def _explained(sheet: str) -> Iterator[None]:
    """Turn what a module or the database refuses into lines of the report."""
    try:
        yield
    except Problem as problem:
        raise RowsRefused(_lines(sheet, problem)) from problem
    except DBAPIError as error:
        found = None if is_retryable(error) else problem_of(error)
        if found is None:
            raise
        raise RowsRefused(_lines(sheet, found)) from error


def _lines(sheet: str, problem: Problem) -> list[RowProblem]:
    title = BY_NAME[sheet].title
    if not problem.errors:
        message = problem.title if problem.detail == problem.remedy else problem.detail
        return [RowProblem(title, None, None, problem.code, message, problem.remedy)]
    return [
        RowProblem(title, None, error.pointer, error.code, error.message, problem.remedy)
        for error in problem.errors
    ]


async def apply(
    db: AsyncSession, contents: Contents, *, by: Caller, progress: Progress, watch: Stopwatch
) -> Applied:
    """Write everything; what is there already and the same stays as it is.

    Raises
    ------
    RowsRefused
        A module or a constraint refused a sheet.
    """
    raise NotImplementedError
