"""Knows what may stand in a text's {braces}: how long, where it is found, what a shared phone shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.scene import House
from assistant.circles.seats import hosts_of
from assistant.language.rendering import Fill, readable_date, readable_day, readable_time
from assistant.store.tables import Circle, Cohort, Goal, Member, Person

USUAL_HOUR = 10
"""The local hour that is named until she has said when she likes texts."""


class SceneLike(Protocol):
    """What a text is filled from; a `Scene` is one."""

    @property
    def session(self) -> Session: ...
    @property
    def now(self) -> dt.datetime: ...
    @property
    def house(self) -> House: ...
    @property
    def person(self) -> Person: ...
    @property
    def member(self) -> Member | None: ...
    @property
    def circle(self) -> Circle | None: ...
    @property
    def values(self) -> Mapping[str, Any]: ...
    @property
    def words(self) -> str: ...


def _fill(
    name: str, longest: int, en: str, es: str, plain_en: str | None = None, plain_es: str | None = None
) -> Fill:
    plain = {} if plain_en is None or plain_es is None else {"en": plain_en, "es": plain_es}
    return Fill(name, longest, {"en": en, "es": es}, plain)


FILLS: dict[str, Fill] = {
    fill.name: fill
    for fill in (
        # Names and topics have a plain form; it also stands where there is no value yet.
        _fill("name", 12, "Marisol", "Marisol", "friend", "compa"),
        _fill("name2", 12, "Keisha", "Keisha", "someone", "alguien"),
        _fill("buddy", 12, "Rosa", "Rosa", "your buddy", "tu dupla"),
        _fill("buddy2", 12, "Keisha", "Keisha", "someone", "alguien"),
        _fill("buddies", 43, "Rosa and Keisha", "Rosa y Keisha", "your buddies", "tu grupo"),
        _fill("skill", 30, "resumes and interviews", "currículos y entrevistas"),
        _fill("host", 12, "Luz", "Luz", "your host", "tu guía"),
        _fill("backup", 12, "Eva", "Eva", "your backup", "tu suplente"),
        _fill("circle", 24, "Bold Moves", "Bold Moves", "our group", "el grupo"),
        _fill("cohort", 24, "Spring", "Primavera", "your groups", "tus grupos"),
        _fill("goal", 60, "get two job interviews", "conseguir dos entrevistas", "your goal", "tu meta"),
        _fill("svc", 12, "Circle", "Circle"),
        _fill("contact", 30, "help@circle.example", "help@circle.example"),
        _fill("number", 15, "+14155550100", "+14155550100"),
        _fill("code", 12, "MAPLE", "MAPLE"),
        _fill("day", 9, "Monday", "lunes"),
        _fill("date", 16, "May 30", "30 de mayo"),
        _fill("time", 7, "6pm", "6pm"),
        _fill("city", 20, "Chicago", "Chicago"),
        _fill("options", 80, "1 Portland, OR, 2 Portland, ME", "1 Portland, OR, 2 Portland, ME"),
        _fill("said", 24, "LEAVE", "SALIR"),
        _fill("step", 60, "call two shops by Friday", "llamar a dos tiendas", "your step", "tu paso"),
        _fill("week", 2, "2", "2"),
        _fill("n", 3, "5", "5"),
        _fill("m", 3, "2", "2"),
        # The numbers of a host's brief: of how many, asks open, quiet, and who may need her.
        _fill("t", 3, "8", "8"),
        _fill("k", 3, "1", "1"),
        _fill("q", 3, "2", "2"),
        _fill("u", 3, "1", "1"),
        # What stands for names on the shared phone of a host who asks who it is.
        _fill("initials", 12, "A. & R.", "A. & R."),
        _fill("people", 6, "64", "64"),
        # Members' own words, and who wrote them: said only to whoever may read them, carried to the letter.
        _fill("words", 120, "your story gave me heart", "tu historia me dio fuerza"),
        _fill("writer", 12, "Keisha", "Keisha"),
        # Whom an alert is about: said only to whoever is on call and asked with SHOW.
        _fill("who", 12, "Ana", "Ana"),
        _fill("question", 100, "How was the interview week?", "¿Cómo estuvo la semana?"),
        # Whose turn it is for which role in a circle hour.
        _fill("first", 12, "Ana", "Ana", "someone", "alguien"),
        _fill("second", 12, "Rosa", "Rosa", "someone", "alguien"),
        _fill("third", 12, "Keisha", "Keisha", "someone", "alguien"),
        # Several members' first names, for their host: "Ana, Rosa and 4 more".
        _fill("names", 80, "Ana, Rosa and 4 more", "Ana, Rosa y 4 más", "some members", "algunas personas"),
    )
}
"""Every name that may stand in braces. Those without a plain form may be read over a shoulder."""


def fills_for(scene: SceneLike, names: Iterable[str]) -> dict[str, str]:
    """The values of these fills for the person in `scene`, none longer than its fill allows.

    A string among the conversation's values stands before what the tables say. What nobody can say yet (no
    host has taken up her seat, no name is known) is said kindly in general: "your host", "tu guía".

    Args:
        names: Fills that a text names; those that are not in `FILLS` are passed over.
    """
    language = language_of(scene)
    return {name: _find(scene, name, language) for name in dict.fromkeys(names) if name in FILLS}


def language_of(scene: SceneLike) -> str:
    """The language of whoever is written to: her own, else her circle's, else English."""
    language = scene.person.language or (scene.circle.language if scene.circle else "en")
    return language if language in ("en", "es") else "en"


def shorten(value: str, longest: int) -> str:
    """The value in at most `longest` characters, cut between words where there are several."""
    value = " ".join(value.split())
    if len(value) <= longest:
        return value
    whole_words = value[: longest + 1].rpartition(" ")[0]
    return whole_words.rstrip(",;:") or value[:longest]


def name2_of(person: Person) -> dict[str, str]:
    """Another person's name as the fill `name2`, if it is known; else what stands for it stands there."""
    return {"name2": shorten(person.name, FILLS["name2"].longest)} if person.name else {}


def _find(scene: SceneLike, name: str, language: str) -> str:
    fill = FILLS[name]
    given = scene.values.get(name)
    found = given if isinstance(given, str) and given.strip() else FINDERS[name](scene, language)
    return shorten(found or fill.plain.get(language, ""), fill.longest)


def _host(scene: SceneLike, _language: str) -> str | None:
    if scene.circle is None:
        return None
    hosts = hosts_of(scene.session, scene.circle.id, scene.now)
    return next((host.name for host in hosts if host.name), None)


def _cohort(scene: SceneLike, _language: str) -> str | None:
    if scene.circle is None or scene.circle.cohort_id is None:
        return None
    return scene.session.get_one(Cohort, scene.circle.cohort_id).name


def _goal(scene: SceneLike, _language: str) -> str | None:
    if scene.member is None:
        return None
    return scene.session.scalars(
        select(Goal.words)
        .where(Goal.member_id == scene.member.id, Goal.state == "open", Goal.words.is_not(None))
        .order_by(Goal.id.desc())
        .limit(1)
    ).first()


def _zone(scene: SceneLike) -> str | None:
    return scene.person.zone or (scene.circle.zone if scene.circle else None)


def _city(scene: SceneLike, _language: str) -> str | None:
    if scene.person.zone and scene.person.place:
        return scene.person.place
    zone = _zone(scene)
    return zone.rpartition("/")[2].replace("_", " ") if zone else None


def _first_day(scene: SceneLike) -> dt.date:
    """The day a circle begins; where it has begun, or nobody has said when, today where she is."""
    today = scene.now.astimezone(ZoneInfo(_zone(scene) or "UTC")).date()
    starts = scene.circle.starts_on if scene.circle else None
    return max(starts or today, today)


FINDERS: Mapping[str, Callable[[SceneLike, str], str | None]] = {
    "name": lambda scene, _: scene.person.name,
    "name2": lambda _scene, _: None,
    **dict.fromkeys(("buddy", "buddy2", "buddies", "skill", "backup", "who"), lambda _scene, _: None),
    "host": _host,
    "circle": lambda scene, _: scene.circle.name if scene.circle else None,
    "cohort": _cohort,
    "goal": _goal,
    "svc": lambda scene, _: scene.house.service,
    "contact": lambda scene, _: scene.house.contact,
    "number": lambda scene, _: scene.house.number,
    "code": lambda scene, _: scene.circle.code if scene.circle else None,
    "day": lambda scene, language: readable_day(_first_day(scene), language),
    "date": lambda scene, language: readable_date(_first_day(scene), language),
    "time": lambda scene, language: readable_time(scene.person.hour or USUAL_HOUR, 0, language),
    "city": _city,
    "options": lambda _scene, _: None,
    "said": lambda scene, _: scene.words,
    "week": lambda scene, _: str(scene.values.get("week") or ""),
    # Given with what is said: a value of the conversation, or a notice's own.
    **dict.fromkeys(
        ("step", "n", "m", "people", "words", "writer", "question", "first", "second", "third", "names"),
        lambda _scene, _: None,
    ),
    **dict.fromkeys(("t", "k", "q", "u", "initials"), lambda _scene, _: None),
}
"""Fill -> where it is found; None: nobody knows yet."""
