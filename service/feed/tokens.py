"""Where a client is, as the signed text it carries."""

from service.feed.rules.changes import State
from service.kit import paging
from service.kit.auth import Caller
from service.kit.problems import CursorMismatch, SyncTokenInvalid


def write(state: State, *, caller: Caller) -> str:
    """The token of a state, of use to this caller only."""
    return paging.write_cursor([state.dump()], binding=_binding(caller))


def read(token: str, *, caller: Caller) -> State:
    """The state of a token.

    Raises
    ------
    SyncTokenInvalid
        It was made up or cut, or it is another caller's.
    """
    try:
        (given,) = paging.read_cursor(token, binding=_binding(caller), length=1)
    except CursorMismatch:
        raise SyncTokenInvalid from None
    return State.load(given)


def _binding(caller: Caller) -> str:
    return f"changes {caller.district_id} {caller.key}"
