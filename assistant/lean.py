"""Keeps a process that runs for months small: by what is not imported, and by what is given back."""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import Final

_GARBAGE_AFTER: Final = 20_000
"""Objects after which garbage is looked for. A batch makes as many, and keeps them to its end: to look
through them every 700, as Python does by itself, takes a twentieth of its time."""
_M_ARENA_MAX: Final = -8
"""From malloc.h: how many arenas there may be. Each thread of ours would hold on to one of its own."""


def stay_small() -> None:
    """Say so before anything is imported; it cannot be taken back in this process."""
    # structlog would load it, for tracebacks on terminals, if it could: 4 MB in each process for nothing.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Return to the system what was used for a while only, as in reading large tables.

    What is left stays for good, and is not looked through again for garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE_AFTER)
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
