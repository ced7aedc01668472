"""The garbage collector, where it is in the way: among much that lives on it finds nothing."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def spared() -> Iterator[None]:
    """Do not look for garbage while modules or rows are loaded: it takes a tenth longer and more.

    Where it is spared already, it stays so.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
