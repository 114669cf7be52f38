"""Keeps what a person says about herself: name, language, place and hour, and whether her phone is shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.circles.fills import FILLS, shorten
from assistant.circles.scene import Done, Scene, action
from assistant.circles.seasons import replan
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
LONGEST_OPTION = 18
MOST_OPTIONS = 4


@action("named", "unclear")
def set_name(scene: Scene) -> Done:
    """Call her by the name in `name`."""
    name = read_name(str(scene.values.get("name") or ""))
    if name is None:
        return Done("unclear")
    scene.person.name = name
    return Done("named", {"name": shorten(name, FILLS["name"].longest), "named": "yes"})


@action("known", "unknown")
def know_name(scene: Scene) -> Done:
    """Whether she has told us a name."""
    return Done("known" if scene.person.name else "unknown")


@action("set", "unclear")
def set_language(scene: Scene) -> Done:
    """Write to her in the language she chose in `language`, or that her words ask for."""
    chosen, words = scene.values.get("language"), set(plain_words(scene.words))
    asked_for = [chosen] if chosen in LANGUAGES else [way for way, ways in LANGUAGES.items() if words & ways]
    if len(asked_for) != 1:
        return Done("unclear")
    scene.person.language = asked_for[0]
    return Done("set", {"language": asked_for[0]})


@action("known", "unknown")
def know_language(scene: Scene) -> Done:
    """Whether her language is her own (JOIN puts it among the values), not just her circle's."""
    return Done("known" if scene.values.get("language") in LANGUAGES else "unknown")


@action("set", "several", "time", "unknown")
def set_place(scene: Scene) -> Done:
    """Live by the clock of the place in `place`, as `assistant.language.places` reads it; keep the hour too.

    several: more than one city of that name, listed in `places` and `options`. time: an hour, but no place.
    """
    place = scene.values.get("place")
    if not isinstance(place, Mapping):
        return Done("unknown")
    if place.get("hour") is not None:
        scene.person.hour = int(place["hour"])
        go_by_it(scene)
    if place.get("zone"):
        return _settle(scene, place)
    if place.get("places"):
        places = [dict(each) for each in place["places"][:MOST_OPTIONS]]
        return Done(
            "several", {"places": places, "options": number_options(each["label"] for each in places)}
        )
    return Done("time" if place.get("hour") is not None else "unknown")


@action("set", "unknown")
def choose_place(scene: Scene) -> Done:
    """Live by the clock of the one of `places` whose key is in `place_key`."""
    for place in scene.values.get("places") or []:
        if place["key"] == scene.values.get("place_key"):
            return _settle(scene, place)
    return Done("unknown")


@action("remembered")
def remember_place(scene: Scene) -> Done:
    """Keep where she was among the values, so that UNDO and `has_moved` know it."""
    return Done("remembered", {"previous": _whereabouts(scene.person)})


@action("moved", "same")
def has_moved(scene: Scene) -> Done:
    """Whether she is elsewhere than `remember_place` found her."""
    return Done("same" if scene.values.get("previous") == _whereabouts(scene.person) else "moved")


@action("plain", "names")
def set_shared_phone(scene: Scene) -> Done:
    """Keep texts plain, or let them name people and topics, as `shared_phone` or else her words say."""
    said = scene.values.get("shared_phone") or scene.words
    scene.person.plain = not NAMES_ON & set(plain_words(str(said)))
    return Done("plain" if scene.person.plain else "names")


def number_options(labels: Any) -> str:
    """Options as they stand in a text: "1 Portland, OR, 2 Portland, ME"."""
    return ", ".join(f"{number} {shorten(label, LONGEST_OPTION)}" for number, label in enumerate(labels, 1))


def _settle(scene: Scene, place: Mapping[str, Any]) -> Done:
    scene.person.place, scene.person.zone = str(place["city"])[:80], str(place["zone"])
    go_by_it(scene)
    return Done("set", {"placed": "yes"})


def go_by_it(scene: Scene) -> None:
    """What is planned for her goes by her new clock."""
    scene.session.flush()
    replan(scene.session, scene.person, scene.now)


def _whereabouts(person: Person) -> dict[str, Any]:
    return {"place": person.place, "zone": person.zone, "hour": person.hour}
