"""A member's settings as buttons: what stands now, and which command each button gives.

The words of the commands stand in `flows/pages/settings.toml`, beside the labels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.orm import Session

from assistant.circles.people.memberships import seats_of
from assistant.circles.people.reachability import addresses_of
from assistant.circles.people.same_people import channel_of
from assistant.pages import page_texts
from assistant.store.tables import Member, Person

TEXTS: Final = "settings"
"""The file of `flows/pages/` in which their words stand."""
LONGEST_GIVEN: Final = 60
"""Characters that are taken beside a button."""
WEEKS: Final = (1, 2, 3, 4, 6, 8, 12)
"""Of a pause, to choose from."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the buttons go by."""

    person: Person
    seats: Sequence[Member]
    channels: frozenset[str]

    def of_all(self, what: Callable[[Member], object]) -> object:
        """What is so in every seat; None where seats differ."""
        found = {what(seat) for seat in self.seats}
        return found.pop() if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Button:
    """One command."""

    key: str
    is_now: Callable[[Standing], bool] = lambda _: False
    """Whether it says how things stand already."""
    takes: str = ""
    """ "words" or "weeks": what is given beside it."""
    there: Callable[[Standing], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class Group:
    """Buttons about one thing."""

    key: str
    buttons: Sequence[Button]
    for_all: bool = False
    """For whoever has no seat as well."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A group as it stands on the page."""

    key: str
    buttons: list[tuple[Button, bool]] = field(default_factory=list)
    """Each with whether it says how things stand."""


def _language(code: str) -> Callable[[Standing], bool]:
    return lambda standing: standing.person.language == code


def _news(mode: str) -> Callable[[Standing], bool]:
    return lambda standing: standing.of_all(lambda seat: seat.news) == mode


def _two_ways(standing: Standing) -> bool:
    return {"sms", "whatsapp"} <= standing.channels


GROUPS: Final = (
    Group("language", (Button("english", _language("en")), Button("spanish", _language("es"))), for_all=True),
    Group(
        "news",
        (
            Button("each", _news("each")),
            Button("daily", _news("daily")),
            Button("weekly", _news("weekly")),
            Button("read", _news("read")),
        ),
    ),
    Group(
        "texts",
        (
            Button("less"),
            Button("just_read", lambda standing: standing.of_all(lambda seat: seat.state) == "reading"),
            Button("pause", takes="weeks"),
            Button("back"),
        ),
    ),
    Group("clock", (Button("moved", takes="words"),)),
    Group(
        "name",
        (
            Button("rename", takes="words"),
            Button("with_name", lambda standing: standing.of_all(lambda seat: seat.named) is True),
            Button("no_name", lambda standing: standing.of_all(lambda seat: seat.named) is False),
            Button("find_me", lambda standing: standing.of_all(lambda seat: seat.findable) is True),
            Button("hide_me", lambda standing: standing.of_all(lambda seat: seat.findable) is False),
        ),
    ),
    Group(
        "phone",
        (
            Button("plain", lambda standing: standing.person.plain),
            Button("names", lambda standing: not standing.person.plain),
            Button("by_sms", there=_two_ways),
            Button("on_whatsapp", there=_two_ways),
        ),
    ),
    Group(
        "translation",
        (
            Button("translate", lambda standing: standing.person.translated),
            Button("as_written", lambda standing: not standing.person.translated),
        ),
    ),
)
BUTTONS: Final = {button.key: button for group in GROUPS for button in group.buttons}


def setting_text(language: str, key: str, /, **values: object) -> str:
    """Return a label, or the words of a button."""
    return page_texts.say(TEXTS, key, language, **values)


def settings_of(session: Session, person: Person) -> list[Shown]:
    """Return a person's settings, each button with whether it says how things stand."""
    seats = [member for member, _ in seats_of(session, person.id)]
    channels = frozenset(channel_of(each.uri) for each in addresses_of(session, person.id))
    standing = Standing(person, seats, channels)
    return [
        Shown(
            group.key,
            [(button, button.is_now(standing)) for button in group.buttons if button.there(standing)],
        )
        for group in GROUPS
        if group.for_all or seats
    ]
