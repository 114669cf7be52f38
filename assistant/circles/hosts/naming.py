"""Finds whom a host means by a first name: members of the circles she hosts, and nobody else's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.fills import FILLS, language_of, shorten
from assistant.circles.hosts.hosted import hosted
from assistant.circles.namesakes import ENDONYMS, told_apart
from assistant.circles.rights import circle_for, hosted_by
from assistant.circles.scene import Done, Scene, action
from assistant.circles.which_circle import circle_label
from assistant.language.folding import fold, plain_words
from assistant.language.rendering import readable_date, readable_time
from assistant.schedule.local_time import home, zone_of
from assistant.store.circles import SEATED
from assistant.store.tables import Circle, Member, Person


class Named(NamedTuple):
    """A seat, whose it is, and where."""

    member: Member
    person: Person
    circle: Circle


@action("one", "several", "unnamed", "unknown", "empty", "none")
def find_member(scene: Scene) -> Done:
    """Whom she means by `person`; the circle follows from the member, unless this is about one already.

    one: `named` is the seat, `name2` the first name. Else `people` and `options` list those who may be meant:
    several of that name, or everyone where she named nobody (unnamed) or nobody is called so (unknown).
    """
    about = hosted(scene)
    circles = [about] if about is not None else list(hosted_by(scene.session, scene.person.id))
    if not circles:
        return Done("none")
    said, circles = _without_code(str(scene.values.get("person") or ""), circles)
    only = circles[0] if len(circles) == 1 else None
    where = {} if only is not None else {"hosts": "several"}
    everyone = members_of(scene.session, circles)
    found = called(everyone, said)
    if len(found) == 1:
        return _taken("one", found[0])
    others = found or [each for each in everyone if each.person.id != scene.person.id]
    if not others:
        return Done("empty", where, circle=only)
    values = {**where, **_listed(scene, others)}
    if said and not found:
        values["name2"] = shorten(said, FILLS["name2"].longest)
    outcome = "several" if found else "unknown" if said else "unnamed"
    return Done(outcome, values, circle=only)


@action("taken", "none")
def take_member(scene: Scene) -> Done:
    """Go on with the one she chose of several (`named`)."""
    found = named_member(scene)
    return _taken("taken", found) if found is not None else Done("none")


def named_member(scene: Scene) -> Named | None:
    """The member that `find_member` found, as long as the seat is taken and she hosts the circle."""
    chosen = str(scene.values.get("named") or "")
    member = scene.session.get(Member, int(chosen)) if chosen.isdigit() else None
    if member is None or member.state not in SEATED or member.promised_at is None:
        return None
    circle = circle_for(scene.session, scene.person.id, member.circle_id)
    if circle is None:
        return None
    return Named(member, scene.session.get_one(Person, member.person_id), circle)


def members_of(session: Session, circles: Sequence[Circle], states: Sequence[str] = SEATED) -> list[Named]:
    """Who has a seat in these circles, the oldest first; a host hears of nobody before the promise."""
    rows = session.execute(
        select(Member, Person, Circle)
        .join(Person, Person.id == Member.person_id)
        .join(Circle, Circle.id == Member.circle_id)
        .where(
            Member.circle_id.in_([circle.id for circle in circles]),
            Member.state.in_(states),
            Member.promised_at.is_not(None),
        )
        .order_by(Member.id)
    )
    return [Named(*row) for row in rows]


def called(people: Sequence[Named], said: str) -> list[Named]:
    """Those of the first name in `said`; where it tells more ("Ana Lopez") and that helps, by all of it."""
    found = [each for each in people if is_called(each.person, said)]
    whole = plain_words(said)
    exact = [each for each in found if plain_words(each.person.name or "")[: len(whole)] == whole]
    return exact if len(whole) > 1 and exact else found


def is_called(person: Person, said: str) -> bool:
    """Whether that is her first name, in any case and with or without accents."""
    return bool(person.name) and fold(person.name or "").split()[:1] == fold(said).split()[:1]


def _without_code(said: str, circles: list[Circle]) -> tuple[str, list[Circle]]:
    """ "MAPLE Ana" is the Ana of that circle."""
    words = said.split()
    coded = [circle for circle in circles if len(words) > 1 and circle.code == words[0].upper()]
    return (" ".join(words[1:]), coded) if coded else (said, circles)


def _taken(outcome: str, found: Named) -> Done:
    values = {
        "named": str(found.member.id),
        "name2": shorten(found.person.name or "", FILLS["name2"].longest),
    }
    return Done(outcome, values, circle=found.circle)


def _listed(scene: Scene, people: Sequence[Named]) -> dict[str, object]:
    """Values by which she is asked who it is. Whoever does not fit into the text is found by name still."""
    names = [each.person.name or FILLS["name2"].plain[language_of(scene)] for each in people]
    shown = ""
    for number, label in enumerate(_labels(scene, people, names), 1):
        longer = f"{shown}, {number} {label}" if shown else f"{number} {label}"
        if len(longer) > FILLS["options"].longest:
            break
        shown = longer
    listed = [{"key": str(each.member.id), "label": name} for each, name in zip(people, names, strict=True)]
    return {"people": listed, "options": shown}


def _labels(scene: Scene, people: Sequence[Named], names: Sequence[str]) -> list[str]:
    """First names, initials alone on a shared phone; those of one name by circle, or by what a host knows."""
    plain = scene.person.plain
    short = [name[:1].upper() if plain else shorten(name, FILLS["name2"].longest) for name in names]
    alike, alike_here = Counter(short), Counter(zip(short, (each.circle.id for each in people), strict=True))
    labels = told_apart(short, _details(scene, people), [each.circle.id for each in people])
    return [
        f"{label} ({circle_label(each.circle, plain=plain)})"
        if alike[name] > 1 and alike_here[name, each.circle.id] == 1
        else label
        for name, label, each in zip(short, labels, people, strict=True)
    ]


def _details(scene: Scene, people: Sequence[Named]) -> list[list[str]]:
    """When they came, where they live, what they speak; on a shared phone only when they came."""
    language = language_of(scene)
    days, towns, spoken, hours = [], [], [], []
    for each in people:
        came = each.member.joined_at or each.member.state_at
        here = came.astimezone(home(zone_of(None, each.circle.zone)))
        days.append(readable_date(here.date(), language))
        hours.append(readable_time(here.hour, here.minute, language))
        towns.append(each.person.place or "")
        spoken.append(ENDONYMS.get(each.person.language or "", ""))
    return [days, hours] if scene.person.plain else [days, towns, spoken, hours]
