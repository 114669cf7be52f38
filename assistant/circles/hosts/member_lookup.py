"""Finds whom a host means by a first name: members of the circles she hosts, and nobody else's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from assistant.circles.actions.choices import circle_label
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.people.namesakes import ENDONYMS, told_apart
from assistant.circles.people.permissions import circle_for, hosted_by
from assistant.circles.people.roster import Named, called, members_of
from assistant.language.rendering import readable_date, readable_time
from assistant.schedule.local_time import home, zone_of
from assistant.store.tables import Circle, Member, Person
from assistant.store.tables.circle_tables import SEATED


@action("one", "several", "unnamed", "unknown", "empty", "none")
def find_member(ctx: ActionContext) -> ActionResult:
    """Whom she means by `person`; the circle follows from the member, unless this is about one already.

    one: `named` is the seat, `other_name` the first name. Else `people` and `options` list who may be meant:
    several of that name, or everyone where she named nobody (unnamed) or nobody is called so (unknown).
    """
    about = hosted(ctx)
    circles = [about] if about is not None else list(hosted_by(ctx.session, ctx.person.id))
    if not circles:
        return ActionResult("none")
    said, circles = _without_code(str(ctx.values.get("person") or ""), circles)
    only = circles[0] if len(circles) == 1 else None
    where = {} if only is not None else {"hosts": "several"}
    everyone = members_of(ctx.session, circles)
    found = called(everyone, said)
    if len(found) == 1:
        return _taken("one", found[0])
    others = found or [each for each in everyone if each.person.id != ctx.person.id]
    if not others:
        return ActionResult("empty", where, circle=only)
    values = {**where, **_listed(ctx, others)}
    if said and not found:
        values["other_name"] = shorten(said, PLACEHOLDERS["other_name"].longest)
    outcome = "several" if found else "unknown" if said else "unnamed"
    return ActionResult(outcome, values, circle=only)


@action("taken", "none")
def take_member(ctx: ActionContext) -> ActionResult:
    """Go on with the one she chose of several (`named`)."""
    found = named_member(ctx)
    return _taken("taken", found) if found is not None else ActionResult("none")


def named_member(ctx: ActionContext) -> Named | None:
    """The member that `find_member` found, as long as the seat is taken and she hosts the circle."""
    chosen = str(ctx.values.get("named") or "")
    member = ctx.session.get(Member, int(chosen)) if chosen.isdigit() else None
    if member is None or member.state not in SEATED or member.promised_at is None:
        return None
    circle = circle_for(ctx.session, ctx.person.id, member.circle_id)
    if circle is None:
        return None
    return Named(member, ctx.session.get_one(Person, member.person_id), circle)


def _without_code(said: str, circles: list[Circle]) -> tuple[str, list[Circle]]:
    """ "MAPLE Ana" is the Ana of that circle."""
    words = said.split()
    coded = [circle for circle in circles if len(words) > 1 and circle.code == words[0].upper()]
    return (" ".join(words[1:]), coded) if coded else (said, circles)


def _taken(outcome: str, found: Named) -> ActionResult:
    values = {
        "named": str(found.member.id),
        "other_name": shorten(found.person.name or "", PLACEHOLDERS["other_name"].longest),
    }
    return ActionResult(outcome, values, circle=found.circle)


def _listed(ctx: ActionContext, people: Sequence[Named]) -> dict[str, object]:
    """Values by which she is asked who it is. Whoever does not fit into the text is found by name still."""
    names = [each.person.name or PLACEHOLDERS["other_name"].plain[language_of(ctx)] for each in people]
    shown = ""
    for number, label in enumerate(_labels(ctx, people, names), 1):
        longer = f"{shown}, {number} {label}" if shown else f"{number} {label}"
        if len(longer) > PLACEHOLDERS["options"].longest:
            break
        shown = longer
    listed = [{"key": str(each.member.id), "label": name} for each, name in zip(people, names, strict=True)]
    return {"people": listed, "options": shown}


def _labels(ctx: ActionContext, people: Sequence[Named], names: Sequence[str]) -> list[str]:
    """First names, initials alone on a shared phone; those of one name by circle, or by what a host knows."""
    plain, longest = ctx.person.plain, PLACEHOLDERS["other_name"].longest
    short = [name[:1].upper() if plain else shorten(name, longest) for name in names]
    alike, alike_here = Counter(short), Counter(zip(short, (each.circle.id for each in people), strict=True))
    labels = told_apart(short, _details(ctx, people), [each.circle.id for each in people])
    return [
        f"{label} ({circle_label(each.circle, plain=plain)})"
        if alike[name] > 1 and alike_here[name, each.circle.id] == 1
        else label
        for name, label, each in zip(short, labels, people, strict=True)
    ]


def _details(ctx: ActionContext, people: Sequence[Named]) -> list[list[str]]:
    """When they came, where they live, what they speak; on a shared phone only when they came."""
    language = language_of(ctx)
    days, towns, spoken, hours = [], [], [], []
    for each in people:
        came = each.member.joined_at or each.member.state_at
        here = came.astimezone(home(zone_of(None, each.circle.zone)))
        days.append(readable_date(here.date(), language))
        hours.append(readable_time(here.hour, here.minute, language))
        towns.append(each.person.place or "")
        spoken.append(ENDONYMS.get(each.person.language or "", ""))
    return [days, hours] if ctx.person.plain else [days, towns, spoken, hours]
