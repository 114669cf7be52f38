"""Holds a season on other phones than SMS to its promise: texts open chats by right, or wait for a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from sqlalchemy import select

from assistant.carriers.carrier_errors import CLOSED_WINDOW, TEMPLATE_GONE
from assistant.carriers.twilio_addresses import to_uri
from assistant.channels.showing import WHATSAPP, at_home
from assistant.channels.windows import WITH_WINDOWS
from assistant.delivery.ways import NO_OPENER, WAITS
from assistant.fake_twilio.records import Message
from assistant.simulation.invariants import Score
from assistant.simulation.text_checks import Watcher
from assistant.simulation.world import World
from assistant.simulation.world_phones import let_text_by
from assistant.store.tables import Address, Outbox

PHONES: Final[Mapping[str, tuple[str, ...]]] = {
    "sms": ("sms",),
    "whatsapp": ("whatsapp",),
    "rcs": ("rcs",),
    "mixed": ("whatsapp", "sms", "rcs"),
}
"""What a season's people have: one channel, or each in turn."""
NEVER: Final = TEMPLATE_GONE | {CLOSED_WINDOW}
"""What the carrier refuses of a text that went the wrong way."""


def give_phones(world: World, names: list[str], phones: str) -> None:
    """Let each of these text by the channel that is theirs."""
    channels = PHONES[phones]
    for place, name in enumerate(names):
        let_text_by(world, name, channels[place % len(channels)])


def check_channels(world: World, score: Score, watcher: Watcher) -> Counter[str]:
    """Look at every text that went to a chat or might have; return how many went in which way."""
    now = world.clock.now()
    ways: Counter[str] = Counter()
    sent = {message.sid: message for message in watcher.messages if not message.inbound}
    with world.database.read() as session:
        asked = set(session.scalars(select(Address.id).where(Address.opened_at.is_not(None))))
        for row in session.scalars(select(Outbox).order_by(Outbox.id)):
            if not row.to_uri.startswith(WITH_WINDOWS):
                continue
            who = world.name(row.to_uri)
            score.hold("opened", row.error_code not in NEVER, now, who, f"{row.error_code}: {row.body!r}")
            score.hold("opened", row.reason != NO_OPENER, now, who, f"no opener for {row.body!r}")
            waited = row.reason in (WAITS, "too late") and row.state in ("queued", "dropped")
            if waited:
                # Nobody is asked to write for nothing: whoever waits was asked.
                score.hold("opened", row.address_id in asked, now, who, f"nobody asked for {row.body!r}")
                ways["waited in vain"] += 1
            if (message := sent.get(row.carrier_id or "")) is not None:
                ways[_way(message)] += 1
    for message in sent.values():
        if not to_uri(message.phone).startswith(WHATSAPP):
            ways[f"by {at_home(to_uri(message.phone))[1] or 'sms'}"] += 1
    return ways


def _way(message: Message) -> str:
    if message.content_sid is None:
        return "in words"
    return "with buttons" if message.content_variables.get("w1") else "by template"
