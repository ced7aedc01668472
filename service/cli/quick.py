"""Quick starts and loads: what is loaded lives as long as the process."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from service.kit import collector


@contextmanager
def loading() -> Iterator[None]:
    """Spare the collector while modules or rows are loaded, and what was loaded ever after.

    To leave that alone also makes its later work shorter.
    """
    with collector.spared():
        try:
            yield
        finally:
            gc.freeze()
