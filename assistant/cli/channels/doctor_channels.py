"""Says of each channel whether it is ready, and what is missing where it is not."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from assistant.cli.doctor import Line
from assistant.language.languages import LANGUAGES

if TYPE_CHECKING:
    from assistant.runtime import Runtime
    from assistant.store.tables import MessageTemplate

SET_UP: Final = 'see "WhatsApp" in the README, under "Going to production"'
SET_UP_RCS: Final = 'see "RCS" in the README, under "Going to production"'


def channels(opened: Runtime) -> Iterator[Line]:
    """Look at WhatsApp and RCS; SMS is what the lines about the carrier are of."""
    from sqlalchemy import select

    from assistant.carriers.carrier import CarrierError
    from assistant.carriers.twilio_carrier import TwilioCarrier
    from assistant.store.tables import MessageTemplate

    carrier = opened.carrier
    if not isinstance(carrier, TwilioCarrier):
        return
    with opened.database.read() as session:
        rows = list(session.scalars(select(MessageTemplate).where(MessageTemplate.wanted.is_(True))))
        session.expunge_all()

    async def look() -> list[str]:
        try:
            return await carrier.channels()
        finally:
            await carrier.close()  # connections belong to this loop

    try:
        # The local carrier has all of them, and no list.
        there = ["whatsapp:", "rcs:"] if any(row.content_id for row in rows) else []
        senders = there if opened.settings.local_carrier else asyncio.run(look())
    except CarrierError as error:
        said = f"the messaging service's senders could not be looked at (code {error.code})"
        yield Line("channels", "warn", said, "is the carrier reachable? see the lines about it")
        return
    yield from _whatsapp(any(each.startswith("whatsapp:") for each in senders), rows)
    yield from _rcs(any(each.startswith("rcs:") for each in senders), rows)


def _whatsapp(has_sender: bool, rows: list[MessageTemplate]) -> Iterator[Line]:
    texts = [row for row in rows if row.kind != "shape"]
    if not has_sender and not any(row.content_id for row in texts):
        yield Line("whatsapp", "ok", "not set up: texts go by SMS", SET_UP)
        return
    if not has_sender:
        yield Line("whatsapp", "fail", "the messaging service has no WhatsApp sender", SET_UP)
    openers = {row.language for row in texts if row.kind == "opener" and row.status == "approved"}
    missing = [language for language in LANGUAGES if language not in openers]
    states = Counter(row.status for row in texts)
    said = ", ".join(f"{count} {status}" for status, count in states.most_common()) or "none was made"
    if missing:
        mend = "circle templates push; the workers ask until they are approved: circle templates list"
        lacks = f"no opener is approved in {' and '.join(missing)}: what comes after a day of silence waits"
        yield Line("whatsapp", "fail" if has_sender else "warn", f"{lacks} (templates: {said})", mend)
    elif states["rejected"] or states["not taken"]:
        mend = "circle templates status says why; mend the text in flows/, and push again"
        yield Line("whatsapp", "warn", f"templates: {said}; the opener stands in for the rest", mend)
    elif states["new"]:
        mend = "circle templates push; the opener stands in for them until they are approved"
        yield Line("whatsapp", "warn", f"templates: {said}", mend)
    else:
        yield Line("whatsapp", "ok", f"templates: {said}")
    sold = [row for row in texts if row.category not in (None, "", "UTILITY")]
    if sold:
        mend = "reword them in flows/ so that they sell nothing, and push again"
        said = f"{len(sold)} templates were made marketing of, and are not used"
        yield Line("whatsapp", "warn", said, mend)
    yield from _buttons("whatsapp", rows)


def _rcs(has_sender: bool, rows: list[MessageTemplate]) -> Iterator[Line]:
    if not has_sender:
        yield Line("rcs", "ok", "not set up: the same texts go by SMS", SET_UP_RCS)
        return
    yield Line("rcs", "ok", "the messaging service has an RCS sender, and SMS to fall back on")
    yield from _buttons("rcs", rows)


def _buttons(channel: str, rows: list[MessageTemplate]) -> Iterator[Line]:
    if not any(row.kind == "shape" and row.content_id for row in rows):
        yield Line(channel, "warn", "no buttons yet: questions ask for numbers", "circle templates push")
