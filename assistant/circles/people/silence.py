"""Knows when a number has been silent for so long that it may be someone else's by now."""

from __future__ import annotations

import datetime as dt
from typing import Final

SILENT_FOR: Final = dt.timedelta(days=45)
"""Carriers give a number to somebody else this long after it was given up (47 CFR 52.15(f)(1)(ii));
until then whoever answers, or is silent, can only be the member."""
CHECKED: Final = "still_you"
"""The flow that asks whether it is still the member."""
PERSONAL: Final = ("notice", "relay", "prompt")
"""Purposes of texts that nobody asked for and that may name a person or a topic."""


def may_be_another(heard_at: dt.datetime | None, doubted_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether whoever has a number has to say first that it is still the member.

    Args:
        heard_at: When the last text came from there (aware UTC); None: none ever did, so that what is known
            of the number is as old as the consent for it.
        doubted_at: When they were asked, if they are being asked.
    """
    return doubted_at is not None or (heard_at is not None and heard_at <= now - SILENT_FOR)
