"""Keeps what a person says about herself: name, language, place and hour, and whether her phone is shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.circles.actions.choices import number_options
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.actions.registry import action
from assistant.circles.calendar.season_plan import replan
from assistant.language.folding import plain_words
from assistant.language.names import read_name
from assistant.store.tables import Person

LANGUAGES: Mapping[str, frozenset[str]] = {
    "en": frozenset({"english", "ingles"}),
    "es": frozenset({"spanish", "espanol", "castellano"}),
}
"""Language -> the words that ask for it."""
NAMES_ON = frozenset({"alone", "names", "nombres", "own", "propio"})
"""Words that say nobody else sees the phone."""
MOST_OPTIONS = 4


@action("named", "unclear")
def set_name(ctx: ActionContext) -> ActionResult:
    """Call her by the name in `name`."""
    name = read_name(str(ctx.values.get("name") or ""))
    if name is None:
        return ActionResult("unclear")
    ctx.person.name = name
    return ActionResult("named", {"name": shorten(name, PLACEHOLDERS["name"].longest), "named": "yes"})


@action("known", "unknown")
def know_name(ctx: ActionContext) -> ActionResult:
    """Whether she has told us a name."""
    return ActionResult("known" if ctx.person.name else "unknown")


@action("set", "unclear")
def set_language(ctx: ActionContext) -> ActionResult:
    """Write to her in the language she chose in `language`, or that her words ask for."""
    chosen, words = ctx.values.get("language"), set(plain_words(ctx.words))
    asked_for = [chosen] if chosen in LANGUAGES else [way for way, ways in LANGUAGES.items() if words & ways]
    if len(asked_for) != 1:
        return ActionResult("unclear")
    ctx.person.language = asked_for[0]
    return ActionResult("set", {"language": asked_for[0]})


@action("known", "unknown")
def know_language(ctx: ActionContext) -> ActionResult:
    """Whether her language is her own (JOIN puts it among the values), not just her circle's."""
    return ActionResult("known" if ctx.values.get("language") in LANGUAGES else "unknown")


@action("set", "several", "time", "unknown")
def set_place(ctx: ActionContext) -> ActionResult:
    """Live by the clock of the place in `place`, as `place_reading` reads it; keep the hour too.

    several: more than one city of that name, listed in `places` and `options`. time: an hour, but no place.
    """
    place = ctx.values.get("place")
    if not isinstance(place, Mapping):
        return ActionResult("unknown")
    if place.get("hour") is not None:
        ctx.person.hour = int(place["hour"])
        go_by_it(ctx)
    if place.get("zone"):
        return _settle(ctx, place)
    if place.get("places"):
        places = [dict(each) for each in place["places"][:MOST_OPTIONS]]
        return ActionResult(
            "several", {"places": places, "options": number_options(each["label"] for each in places)}
        )
    return ActionResult("time" if place.get("hour") is not None else "unknown")


@action("set", "unknown")
def choose_place(ctx: ActionContext) -> ActionResult:
    """Live by the clock of the one of `places` whose key is in `place_key`."""
    for place in ctx.values.get("places") or []:
        if place["key"] == ctx.values.get("place_key"):
            return _settle(ctx, place)
    return ActionResult("unknown")


@action("remembered")
def remember_place(ctx: ActionContext) -> ActionResult:
    """Keep where she was among the values, so that UNDO and `has_moved` know it."""
    return ActionResult("remembered", {"previous": _whereabouts(ctx.person)})


@action("moved", "same")
def has_moved(ctx: ActionContext) -> ActionResult:
    """Whether she is elsewhere than `remember_place` found her."""
    return ActionResult("same" if ctx.values.get("previous") == _whereabouts(ctx.person) else "moved")


@action("plain", "names")
def set_shared_phone(ctx: ActionContext) -> ActionResult:
    """Keep texts plain, or let them name people and topics, as `shared_phone` or else her words say."""
    said = ctx.values.get("shared_phone") or ctx.words
    ctx.person.plain = not NAMES_ON & set(plain_words(str(said)))
    return ActionResult("plain" if ctx.person.plain else "names")


def _settle(ctx: ActionContext, place: Mapping[str, Any]) -> ActionResult:
    ctx.person.place, ctx.person.zone = str(place["city"])[:80], str(place["zone"])
    go_by_it(ctx)
    return ActionResult("set", {"placed": "yes"})


def go_by_it(ctx: ActionContext) -> None:
    """What is planned for her goes by her new clock."""
    ctx.session.flush()
    replan(ctx.session, ctx.person, ctx.now)


def _whereabouts(person: Person) -> dict[str, Any]:
    return {"place": person.place, "zone": person.zone, "hour": person.hour}
