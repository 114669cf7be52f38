"""Says whether phones can be rung, and what is missing where the operator meant it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from assistant.cli.doctor import Line

if TYPE_CHECKING:
    from assistant.carriers.checkup import Finding
    from assistant.runtime import Runtime

SET_UP: Final = 'see "Calls" in the README, under "Going to production"'


def voice(opened: Runtime) -> Iterator[Line]:
    """Look at what calls need: the switches, a number that can call, an address that the carrier reaches."""
    from assistant.carriers.twilio_calls import TwilioCalls

    settings = opened.settings
    meant = [
        name
        for name, on in (("PAGE_BY_CALL", settings.page_by_call), ("TALK_BY_CALL", settings.talk_by_call))
        if on
    ]
    if not meant:
        yield Line("voice", "ok", "not set up: nobody is rung (PAGE_BY_CALL, TALK_BY_CALL)")
        return
    if not settings.number:
        mend = "set TWILIO_FROM to a number with Voice"
        said = f"{' and '.join(meant)} is on, but there is no number to call from"
        yield Line("voice", "fail", said, mend)
        return
    calls = opened.calls
    if not isinstance(calls, TwilioCalls):
        return

    async def check() -> list[Finding]:
        try:
            return await calls.check()
        finally:
            await calls.close()  # connections belong to this loop

    found, *more = asyncio.run(check())
    for each in more:
        # Calls go out all the same: they say themselves where Twilio asks what to say.
        yield Line("voice", "ok" if each.well else "warn", each.said, each.mend)
    if found.well:
        yield Line("voice", "ok", f"{found.said} ({', '.join(meant)}); it asks {settings.voice_url}")
        if settings.real_account and not settings.voice_url.startswith("https://"):
            mend = "set PUBLIC_URL to the https address of this service"
            yield Line("voice", "fail", "the carrier cannot ask there what to say", mend)
    elif settings.local_carrier:
        yield Line("voice", "warn", "the local carrier is not running", "circle run (or circle carrier)")
    else:
        yield Line("voice", "fail", found.said, found.mend or SET_UP)
