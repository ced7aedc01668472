"""Run a program as another account that may still pass directories closed to it.

A project under ``/root`` is closed to every account but root, and PostgreSQL does not run as root.
Opening the directories would change the system; instead the program keeps one single capability
of root's, reading and searching any directory. Run as a script, by root, on Linux:
``python -I demote.py UID GID CAPABILITY PROGRAM ARGUMENT…``. It needs the standard library only.
"""

import ctypes
import os
import sys
from pathlib import Path

_SEARCH = 2  # CAP_DAC_READ_SEARCH
_OVERRIDE = 1  # CAP_DAC_OVERRIDE: more than needed, but all that some containers have
_SETPCAP = 8  # lets a process say how its own capabilities behave
_SET_SECUREBITS = 28
_NO_SETUID_FIXUP = 1 << 2
_AMBIENT = 47
_AMBIENT_IS_SET = 1
_AMBIENT_RAISE = 2
_CAPABILITY_V3 = 0x20080522


def passing_capability() -> int | None:
    """The least capability this process could hand on, or ``None`` where it has none."""
    try:
        status = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    held = next((int(line.split()[1], 16) for line in status if line.startswith("CapPrm:")), 0)
    if not held >> _SETPCAP & 1:
        return None
    for capability in (_SEARCH, _OVERRIDE):
        if held >> capability & 1 and _prctl(_AMBIENT, _AMBIENT_IS_SET, capability) >= 0:
            return capability
    return None


def become(uid: int, gid: int, capability: int) -> None:
    """Give up being root, except for one capability that the next program inherits."""
    # Without this, access(2), which PostgreSQL asks about its own files, would deny the capability.
    if _prctl(_SET_SECUREBITS, _NO_SETUID_FIXUP) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_V3, 0)
    only = 1 << capability
    sets = (ctypes.c_uint32 * 6)(only, only, only, 0, 0, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    if _prctl(_AMBIENT, _AMBIENT_RAISE, capability) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _prctl(option: int, *arguments: int) -> int:
    padded = (*arguments, 0, 0, 0, 0)[:4]
    result: int = ctypes.CDLL(None, use_errno=True).prctl(option, *map(ctypes.c_ulong, padded))
    return result


if __name__ == "__main__":
    become(*map(int, sys.argv[1:4]))
    os.execv(sys.argv[4], sys.argv[4:])
