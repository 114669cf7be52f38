"""Knows what may stand in a text's {braces}: how long, where it is found, what a shared phone shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions import crisis_lines, help_lines
from assistant.circles.actions.context import ServiceIdentity
from assistant.circles.people.memberships import hosts_of
from assistant.language.languages import LANGUAGES, spoken
from assistant.language.rendering import Placeholder, readable_date, readable_day, readable_time
from assistant.language.times.local_times import local_time_words
from assistant.store.tables import Circle, CircleHour, Cohort, Goal, Listing, Member, Person

USUAL_HOUR = 10
"""The local hour that is named until the person has said when texts are welcome."""


class TextContext(Protocol):
    """What a text is filled from; an `ActionContext` is one."""

    @property
    def session(self) -> Session: ...
    @property
    def now(self) -> dt.datetime: ...
    @property
    def identity(self) -> ServiceIdentity: ...
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


def _placeholder(name: str, longest: int, sample: str = "") -> Placeholder:
    """One placeholder; what reads differently in each language stands in languages.toml."""
    return Placeholder(
        name,
        longest,
        {code: language.samples.get(name, sample) for code, language in LANGUAGES.items()},
        {code: language.plain[name] for code, language in LANGUAGES.items() if name in language.plain},
    )


PLACEHOLDERS: dict[str, Placeholder] = {
    placeholder.name: placeholder
    for placeholder in (
        # Names and topics have a plain form; it also stands where there is no value yet.
        _placeholder("name", 12, "Marisol"),
        _placeholder("other_name", 12, "Keisha"),
        _placeholder("buddy", 12, "Rosa"),
        _placeholder("other_buddy", 12, "Keisha"),
        _placeholder("buddies", 43),
        _placeholder("skill", 30),
        _placeholder("host", 12, "Luz"),
        _placeholder("backup", 12, "Eva"),
        _placeholder("circle", 24, "Bold Moves"),
        _placeholder("cohort", 24),
        _placeholder("goal", 60),
        _placeholder("service", 12, "Circle"),
        _placeholder("contact", 30, "help@circle.example"),
        _placeholder("number", 15, "+14155550100"),
        # One of our pages, with the key to it.
        _placeholder("link", 90, "https://circle.example/go/3f"),
        _placeholder("code", 12, "MAPLE"),
        _placeholder("day", 9),
        _placeholder("date", 16),
        _placeholder("time", 7, "6pm"),
        _placeholder("city", 20, "Chicago"),
        _placeholder("local_time", 27, "3:15 pm"),
        _placeholder("options", 80, "1 Portland, OR, 2 Portland, ME"),
        _placeholder("said", 24),
        _placeholder("step", 60),
        _placeholder("week", 2, "2"),
        _placeholder("count", 3, "5"),
        _placeholder("total", 3, "2"),
        _placeholder("weeks", 3, "8"),
        _placeholder("minutes", 3, "4"),
        _placeholder("steps_done", 3, "2"),
        _placeholder("ok", 3, "5"),
        _placeholder("not_ok", 3, "1"),
        # How long a text is, and may be, in characters.
        _placeholder("length", 3, "180"),
        _placeholder("longest", 3, "120"),
        # The numbers of a host's brief: of how many, pairs met, asks open, quiet, and who may need a person.
        _placeholder("pairs_met", 3, "3"),
        _placeholder("prompted", 3, "8"),
        _placeholder("open_requests", 3, "1"),
        _placeholder("quiet_members", 3, "2"),
        _placeholder("needing", 3, "1"),
        # What stands for names on the shared phone of a host who asks who it is.
        _placeholder("initials", 12, "A. & R."),
        _placeholder("people", 6, "64"),
        # Members' own words, and who wrote them: said only to whoever may read them, carried to the letter.
        _placeholder("words", 120),
        _placeholder("writer", 12, "Keisha"),
        # What someone asks for or offers, where it fits into a sentence.
        _placeholder("ask", 56),
        # What may be said of one of two who are introduced, in their own words or another's.
        _placeholder("sentence", 48, "budgets, patience, bad jokes"),
        # The same of each of two, to whoever introduces them and wrote it.
        _placeholder("about_1", 48, "braids hair, wants a shop"),
        _placeholder("about_2", 48, "opened a salon last year"),
        # A poll's question with its choices, or with what came of each.
        _placeholder("poll", 105),
        # Whom an alert is about: said only to whoever is on call and asked with SHOW.
        _placeholder("who", 12, "Ana"),
        _placeholder("question", 100),
        # Whose turn it is for which role in a circle hour.
        _placeholder("first", 12, "Ana"),
        _placeholder("second", 12, "Rosa"),
        _placeholder("third", 12, "Keisha"),
        # How to come to it, as its host wrote it: a number, a link, a place.
        _placeholder("way", 60, "641-715-3580, code 123#"),
        # WHO and ME: what was written, who read it, and what is held.
        _placeholder("given", 34, "Your answer"),
        _placeholder("read_by", 62, "Luz, May 4"),
        _placeholder("ending", 4, "0100"),
        # LINK: what is typed at the other phone, and which phone that is, to their owner alone.
        _placeholder("phone_code", 6, "482913"),
        _placeholder("phone", 25, "WhatsApp, ending 0100"),
        _placeholder("language", 10, "English"),
        # Several members' first names, for their host: "Ana, Rosa and 4 more".
        _placeholder("names", 80),
        # A line that is open now: an action finds it, and nobody writes it.
        Placeholder("help_line", help_lines.longest(), help_lines.samples()),
        *(
            Placeholder(name, crisis_lines.longest(name), crisis_lines.samples(name))
            for name in crisis_lines.PLACEHOLDER_NAMES
        ),
    )
}
"""Every name that may stand in braces. Those without a plain form may be read over a shoulder."""


def placeholders_for(ctx: TextContext, names: Iterable[str]) -> dict[str, str]:
    """Return what stands in these placeholders for the person in `ctx`, none longer than it may be.

    A string among the conversation's values stands before what the tables say. What nobody can say yet (no
    host has taken up the seat, no name is known) is said kindly in general: "your host", "tu guía".

    Args:
        names: Placeholders that a text names; those that are not in `PLACEHOLDERS` are passed over.
    """
    language = language_of(ctx)
    return {name: _find(ctx, name, language) for name in dict.fromkeys(names) if name in PLACEHOLDERS}


def language_of(ctx: TextContext) -> str:
    """Return the language of whoever is written to: their own, else the circle's, else the first there is."""
    return spoken(ctx.person.language or (ctx.circle.language if ctx.circle else None))


def shorten(value: str, longest: int) -> str:
    """Return the value in at most `longest` characters, cut between words where there are several."""
    value = " ".join(value.split())
    if len(value) <= longest:
        return value
    whole_words = value[: longest + 1].rpartition(" ")[0]
    return whole_words.rstrip(",;:") or value[:longest]


def other_name_of(person: Person) -> dict[str, str]:
    """Another person's name as `other_name`, if it is known; else what stands for it stands there."""
    return {"other_name": shorten(person.name, PLACEHOLDERS["other_name"].longest)} if person.name else {}


def _find(ctx: TextContext, name: str, language: str) -> str:
    placeholder, finder = PLACEHOLDERS[name], FINDERS.get(name)
    if name in crisis_lines.PLACEHOLDER_NAMES:  # Nothing that somebody wrote may stand for a crisis line.
        return crisis_lines.lines_of(ctx.identity.country, language).get(name, "")
    given = ctx.values.get(name)  # Whatever name a text has in braces may be among the values.
    found = given if isinstance(given, str) and given.strip() else finder and finder(ctx, language)
    return shorten(found or placeholder.plain.get(language, ""), placeholder.longest)


def _host(ctx: TextContext, _language: str) -> str | None:
    if ctx.circle is None:
        return None
    hosts = hosts_of(ctx.session, ctx.circle.id, ctx.now)
    return next((host.name for host in hosts if host.name), None)


def _cohort(ctx: TextContext, _language: str) -> str | None:
    if ctx.circle is None or ctx.circle.cohort_id is None:
        return None
    return ctx.session.get_one(Cohort, ctx.circle.cohort_id).name


def _goal(ctx: TextContext, _language: str) -> str | None:
    if ctx.member is None:
        return None
    return ctx.session.scalars(
        select(Goal.words)
        .where(Goal.member_id == ctx.member.id, Goal.state == "open", Goal.words.is_not(None))
        .order_by(Goal.id.desc())
        .limit(1)
    ).first()


def _ask(ctx: TextContext, _language: str) -> str | None:
    """Return the words of the listing a conversation is about: only its row keeps them."""
    listing = ctx.session.get(Listing, ctx.values.get("listing") or 0)
    return listing.words if listing is not None else None


def _zone(ctx: TextContext) -> str | None:
    return ctx.person.zone or (ctx.circle.zone if ctx.circle else None)


def _city(ctx: TextContext, _language: str) -> str | None:
    if ctx.person.zone and ctx.person.place:
        return ctx.person.place
    zone = _zone(ctx)
    return zone.rpartition("/")[2].replace("_", " ") if zone else None


def _local_time(ctx: TextContext, language: str) -> str | None:
    """Return the time it is where the person is: what is wrong with a zone shows there at once."""
    zone = _zone(ctx)
    return local_time_words(zone, ctx.now, language) if zone else None


def _hour(ctx: TextContext) -> dt.datetime | None:
    """Return when the circle hour that a conversation is about begins, as it stands now, by local time."""
    meant = ctx.values.get("circle_hour")
    hour = ctx.session.get(CircleHour, meant) if isinstance(meant, int) else None
    return hour.starts_at.astimezone(ZoneInfo(_zone(ctx) or "UTC")) if hour is not None else None


def _time(ctx: TextContext, language: str) -> str:
    hour = _hour(ctx)
    if hour is not None:
        return readable_time(hour.hour, hour.minute, language)
    return readable_time(ctx.person.hour or USUAL_HOUR, 0, language)


def _first_day(ctx: TextContext) -> dt.date:
    """Return the day of the circle hour it is about, else the day a circle begins, but none that is past.

    Where none of them is known it is today where the person is.
    """
    hour = _hour(ctx)
    if hour is not None:
        return hour.date()
    today = ctx.now.astimezone(ZoneInfo(_zone(ctx) or "UTC")).date()
    starts = ctx.circle.starts_on if ctx.circle else None
    return max(starts or today, today)


FINDERS: Mapping[str, Callable[[TextContext, str], str | None]] = {
    "name": lambda ctx, _: ctx.person.name,
    "host": _host,
    "circle": lambda ctx, _: ctx.circle.name if ctx.circle else None,
    "cohort": _cohort,
    "goal": _goal,
    "ask": _ask,
    "service": lambda ctx, _: ctx.identity.service,
    "contact": lambda ctx, _: ctx.identity.contact,
    "number": lambda ctx, _: ctx.identity.number,
    "code": lambda ctx, _: ctx.circle.code if ctx.circle else None,
    "day": lambda ctx, language: readable_day(_first_day(ctx), language),
    "date": lambda ctx, language: readable_date(_first_day(ctx), language),
    "time": _time,
    "city": _city,
    "local_time": _local_time,
    "said": lambda ctx, _: ctx.words,
    "week": lambda ctx, _: str(ctx.values.get("week") or ""),
}
"""Placeholder -> where it is found; the others are given by the conversation, or with a notice."""


def name_of(host: Person, language: str) -> str:
    """Return how a host is called to those who are sent something; never by another host's name."""
    return (
        shorten(host.name, PLACEHOLDERS["host"].longest)
        if host.name
        else PLACEHOLDERS["host"].plain[language]
    )
