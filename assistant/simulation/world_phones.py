"""The phones of a world that do more than text: what they show, what is tapped, what WhatsApp approves."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from assistant.carriers.twilio_addresses import to_uri
from assistant.channels.showing import at_home
from assistant.delivery.templates import plan_of, take_up
from assistant.fake_twilio.records import Message, Phone
from assistant.fake_twilio.taps import tap_fields
from assistant.media.transcriber import TranscriptionError
from assistant.simulation.world_carrier import hold_content
from assistant.store.tables import MessageTemplate

if TYPE_CHECKING:
    from assistant.simulation.world import World

PHOTO = "<photo>"
VOICE_NOTE = "<voice note>"
"""How what is seen or heard stands in a transcript."""
TAPPING = dt.timedelta(seconds=20)
"""So long somebody reads before they tap."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A text that reached a phone; `by_carrier`: the carrier's answer to a keyword, `by_phone`: a call's."""

    to: str
    body: str
    at: dt.datetime
    by_carrier: bool = False
    by_phone: bool = False
    buttons: tuple[str, ...] = ()
    """What can be tapped under it."""
    list_button: str = ""
    """What opens them, where they are a list."""
    sid: str = ""


def heard_of(message: Message, now: dt.datetime) -> Heard:
    """Return what reached a phone of a message."""
    return Heard(
        to=at_home(to_uri(message.to))[0].removeprefix("sms:"),
        body=" ".join([*filter(None, [message.body]), *(_shown(each.url) for each in message.media)]),
        at=now,
        buttons=tuple(button.title for button in message.buttons),
        list_button=message.list_button,
        sid=message.sid,
    )


def _shown(url: str) -> str:
    return VOICE_NOTE if url.endswith((".amr", ".ogg")) else PHOTO


class Listener:
    """A transcriber that knows what voices say, because it was told; of all others it understands nothing."""

    def __init__(self) -> None:
        self.said: dict[bytes, str] = {}
        self.recorded = 0

    def transcribe(self, voice: bytes, language: str | None) -> str:  # noqa: ARG002
        if voice not in self.said:
            raise TranscriptionError("nothing to be heard")
        return self.said[voice]


def speak(world: World, said: str) -> tuple[str, str]:
    """Record a voice note; return where the carrier has it and its kind, as `World.text` takes media.

    Args:
        said: What is heard in it; "": a machine understands nothing of it.
    """
    number = world.listener.recorded = world.listener.recorded + 1
    voice = b"#!AMR\n" + b"\x3c" + number.to_bytes(2) + bytes(29)
    url = f"https://api.twilio.com/voice/{number}"
    world.carrier.media[url] = voice
    if said:
        world.listener.said[voice] = said
    return url, "audio/amr"


def let_text_by(world: World, name: str, channel: str, where: str = "") -> None:
    """Let somebody who was not mentioned yet text by "whatsapp", "rcs" or "sms".

    Args:
        where: "of ana": with Ana's number; "at +52...": with this one; "hidden": showing none in WhatsApp.

    Raises:
        ValueError: they have a phone already.
    """
    if name in world.numbers:
        raise ValueError(f"{name} has a phone already: say first what it is")
    how, _, said = where.strip().partition(" ")
    if how:
        given = {
            "of": world.number(said) if how == "of" else "",
            "at": said,
            "hidden": f"US.{name.replace('_', '').upper()}",
        }
        world.numbers[name] = given[how]
    number = world.number(name)
    if channel == "whatsapp":
        world.numbers[name] = f"whatsapp:{number}"
    elif channel == "rcs":
        world.by_rcs.add(number)
        world.local.put_phone(Phone(name, number, rcs=True))


def approve_templates(world: World, *, opener_only: bool = False) -> None:
    """Let WhatsApp approve what may open a conversation, and have the buttons made."""
    plan = plan_of(world.services.book, world.services.identity)
    if opener_only:
        plan.wanted = [each for each in plan.wanted if each.kind != "text"]
    take_up(world.database, plan, world.clock.now())
    forms = {each.key: each.form for each in plan.wanted}
    with world.database.write() as session:
        for row in session.scalars(select(MessageTemplate).where(MessageTemplate.content_id.is_(None))):
            row.content_id = hold_content(world.local, forms[row.key], submit=row.kind != "shape")
            row.status, row.category = "approved", "UTILITY"


def tap(world: World, name: str, title: str, *, back: int = 0) -> str:
    """Somebody taps what is read on a button; give the carrier's id of it.

    Args:
        back: Of the newest text that has it (0), or of so many before that.

    Raises:
        ValueError: nothing that they were sent has it.
    """
    world.move_to(world.clock.now() + TAPPING)
    shown = [each for each in world.heard if each.to == world.number(name) and title in each.buttons]
    if len(shown) <= back:
        raise ValueError(f"nothing that {name} was sent can be tapped as {title!r}")
    heard = shown[-1 - back]
    message = world.local.fetch(heard.sid)
    button = message.buttons[heard.buttons.index(title)]
    return world.receive(name, title, world.clock.now(), extras=tap_fields(message, button))


def shown_to(world: World, name: str) -> tuple[str, ...]:
    """Return what can be tapped under the last text on somebody's phone."""
    return next((each.buttons for each in reversed(world.heard) if each.to == world.number(name)), ())


def tapped_for(world: World, name: str, words: str) -> str:
    """Return the button that is tapped in place of writing its words, or its number; "": none is."""
    shown, said = shown_to(world, name), words.strip().casefold()
    if said.isdigit() and 0 < int(said) <= len(shown):
        return shown[int(said) - 1]
    return next((title for title in shown if title.casefold() == said), "")
