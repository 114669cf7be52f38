"""The window of a chat: so long after its owner's last text our own words may go there.

Source: WhatsApp's customer service window, and Messenger's; outside it Twilio fails whatever is no approved
template with 63016. SMS and RCS know none.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

WINDOW: Final = dt.timedelta(hours=24)
MARGIN: Final = dt.timedelta(minutes=5)
"""So much earlier we take it for closed: what is handed over now may be looked at a little later, and a text
may have waited before we noted that it came."""
WITH_WINDOWS: Final = ("whatsapp:", "messenger:")


def is_open(
    uri: str, heard_at: dt.datetime | None, now: dt.datetime, refused_at: dt.datetime | None = None
) -> bool:
    """Return whether our own words may go to an address at `now`.

    Args:
        heard_at: When the last text came from there (aware UTC); None: none ever did.
        refused_at: When the carrier was given something for which it said the window is closed: it knows
            better, until the next text comes.
    """
    if not uri.startswith(WITH_WINDOWS):
        return True
    if heard_at is None or now >= heard_at + WINDOW - MARGIN:
        return False
    return refused_at is None or refused_at < heard_at


def opens_again(
    opened_at: dt.datetime | None, heard_at: dt.datetime | None, now: dt.datetime, again: dt.timedelta
) -> bool:
    """Return whether someone may be asked (once more) to write, so that what waits can be said."""
    if opened_at is None or now >= opened_at + again:
        return True
    return heard_at is not None and heard_at > opened_at


def just_opened(opened_at: dt.datetime | None, heard_at: dt.datetime | None) -> bool:
    """Return whether a text is the first since its writer was asked for one; `heard_at`: of that before."""
    return opened_at is not None and (heard_at is None or heard_at < opened_at)
