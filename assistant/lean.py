"""Keeps a process that runs for months small: by what is not imported, and by what is given back."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from typing import Final

_GARBAGE_AFTER: Final = 20_000
"""Objects after which garbage is looked for. A batch makes as many, and keeps them to its end: to look
through them every 700, as Python does by itself, takes a twentieth of its time."""
_M_ARENA_MAX: Final = -8
"""From malloc.h: how many arenas there may be. Each thread of ours would hold on to one of its own."""
RUST_ALLOCATOR: Final = "_RJEM_MALLOC_CONF"
"""Where granian's allocator (jemalloc) looks for what it is told."""
_GIVES_BACK: Final = "narenas:1,dirty_decay_ms:0,muzzy_decay_ms:0"
"""One arena, and nothing kept for later: after hundreds of connections at once it would hold on to 25 MB."""
_NOT_FOR_US: Final = ("rich", "greenlet")
"""structlog would load them, for tracebacks on terminals and threads of another kind: 5 MB a process."""


def stay_small() -> None:
    """Say so before anything is imported; it cannot be taken back in this process."""
    for name in _NOT_FOR_US:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    os.environ.setdefault(RUST_ALLOCATOR, _GIVES_BACK)
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
