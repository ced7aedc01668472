"""The solver in a process of its own: it takes seconds to import and all of a processor to run."""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from importlib import import_module
from multiprocessing import get_context
from typing import cast

from service.mentoring.rules.matching import Scene, Solution


@cache
def _child() -> ProcessPoolExecutor:
    # No fork: a copy of a process with threads and connections would share them.
    return ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))


def _solve(scene: Scene) -> Solution:
    """Runs in the child; only there is the core imported."""
    core = import_module("service.mentoring.matching.core")
    return cast("Solution", core.solve(scene))


async def solved(scene: Scene) -> Solution:
    """The best matching of a scene, while this process goes on with other things."""
    try:
        return await asyncio.get_running_loop().run_in_executor(_child(), _solve, scene)
    except BrokenProcessPool:
        # The next attempt gets another child.
        _child.cache_clear()
        raise
