"""Keeps what people say about themselves: name, language, place and hour, and whether the phone is shared."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from assistant.circles.actions.asking_again import forget_asked
from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.actions.registry import action
from assistant.circles.calendar.season_plan import replan
from assistant.language.folding import plain_words
from assistant.language.languages import LANGUAGES, asked_for
from assistant.language.replies.names import read_name
from assistant.store.tables import Person

NAMES_ON = frozenset({"alone", "names", "nombres", "own", "propio"})
"""Words that say nobody else sees the phone."""
MOST_OPTIONS = 4
TRAVEL = "travel"
"""The flow of a trip, which asks until when it lasts."""


@dataclass(frozen=True, slots=True)
class OfferedPlace:
    """One of several cities of the same name."""

    key: str
    label: str
    city: str
    zone: str


@dataclass(frozen=True, slots=True)
class PlaceSaid:
    """A place as `language.places.place_reading` reads it: a city, several of one name, or an hour alone."""

    city: str = ""
    zone: str | None = None
    hour: int | None = None
    places: tuple[OfferedPlace, ...] = ()
    until: str = ""
    """What was said with it of how long: "until Sunday", "for two weeks"."""


@action("named", "unclear")
def set_name(ctx: ActionContext, *, name: str = "") -> ActionResult:
    """Call the person by the name in `name`."""
    read = read_name(name)
    if read is None:
        return ActionResult("unclear")
    ctx.person.name = read
    return ActionResult("named", {"name": shorten(read, PLACEHOLDERS["name"].longest), "named": "yes"})


@action("known", "unknown")
def know_name(ctx: ActionContext) -> ActionResult:
    """Whether the person has told us a name."""
    return ActionResult("known" if ctx.person.name else "unknown")


@action("set", "unclear")
def set_language(ctx: ActionContext, *, language: str = "") -> ActionResult:
    """Write to the person in the language chosen in `language`, or that the words ask for."""
    wanted = [language] if language in LANGUAGES else asked_for(set(plain_words(ctx.words)))
    if len(wanted) != 1:
        return ActionResult("unclear")
    ctx.person.language = wanted[0]
    return ActionResult("set", {"language": wanted[0]})


@action("known", "unknown")
def know_language(ctx: ActionContext, *, language: str = "") -> ActionResult:  # noqa: ARG001
    """Whether the language is the person's own (JOIN puts it among the values), not just the circle's."""
    return ActionResult("known" if language in LANGUAGES else "unknown")


@action("set", "several", "time", "unknown")
def set_place(ctx: ActionContext, *, place: PlaceSaid | None = None) -> ActionResult:
    """Live by the clock of the place in `place`, as `place_reading` reads it; keep the hour too.

    several: more than one city of that name, listed in `places` and `options`. time: an hour, but no place.
    """
    if place is None:
        return ActionResult("unknown")
    if place.hour is not None:
        ctx.person.hour = place.hour
    if place.zone:
        return _settle(ctx, place.city, place.zone)
    if place.hour is not None:
        go_by_it(ctx)
    offered = place.places[:MOST_OPTIONS]
    if offered:
        choices = ((each.key, each.label) for each in offered)
        return ActionResult("several", list_choices("places", choices, details=map(asdict, offered)))
    return ActionResult("time" if place.hour is not None else "unknown")


@action("set", "unknown")
def choose_place(
    ctx: ActionContext, *, places: tuple[OfferedPlace, ...] = (), place_key: str = ""
) -> ActionResult:
    """Live by the clock of the one of `places` whose key is in `place_key`."""
    for place in places:
        if place.key == place_key:
            return _settle(ctx, place.city, place.zone)
    return ActionResult("unknown")


@action("set", "unknown")
def set_texting_hour(ctx: ActionContext, *, hour: PlaceSaid | None = None) -> ActionResult:
    """Text the person by plan at the hour in `hour`, whatever place stands beside it; UNDO knows what was."""
    if hour is None or hour.hour is None:
        return ActionResult("unknown")
    previous = whereabouts(ctx.person)
    ctx.person.hour = hour.hour
    go_by_it(ctx)
    return ActionResult("set", {"previous": previous})


@action("remembered")
def remember_place(ctx: ActionContext) -> ActionResult:
    """Keep where the person was among the values, for UNDO and `has_moved`; they are on no trip."""
    forget_asked(ctx, TRAVEL)
    return ActionResult("remembered", {"previous": whereabouts(ctx.person)})


@action("moved", "same")
def has_moved(ctx: ActionContext, *, previous: dict[str, str | int | None] | None = None) -> ActionResult:
    """Whether the person is elsewhere than `remember_place` found."""
    return ActionResult("same" if previous == whereabouts(ctx.person) else "moved")


@action("plain", "names")
def set_shared_phone(ctx: ActionContext, *, shared_phone: str = "") -> ActionResult:
    """Keep texts plain, or let them name people and topics, as `shared_phone` or else the words say."""
    ctx.person.plain = not NAMES_ON & set(plain_words(shared_phone or ctx.words))
    return ActionResult("plain" if ctx.person.plain else "names")


def _settle(ctx: ActionContext, city: str, zone: str) -> ActionResult:
    ctx.person.place, ctx.person.zone = city[:80], zone
    go_by_it(ctx)
    return ActionResult("set", {"placed": "yes"})


def go_by_it(ctx: ActionContext) -> None:
    """Plan anew what is planned for the person, by the new clock."""
    replan(ctx.session, ctx.person, ctx.now)


def whereabouts(person: Person) -> dict[str, str | int | None]:
    """Return what a person's clock goes by."""
    return {"place": person.place, "zone": person.zone, "hour": person.hour}
