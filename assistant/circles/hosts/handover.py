"""Passes a host's seat on, or finds a backup: whoever is named is asked, and nobody is seated unasked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from sqlalchemy import select

from assistant.circles.actions.choices import LONGEST_OPTION, list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Start, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, other_name_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.hosts.member_menus import fitting_options
from assistant.circles.hosts.roles import hosts_to_tell, offer_role, still_offered, take_up_role
from assistant.circles.membership.newcomers import role_as_host
from assistant.circles.people.addresses import person_at
from assistant.circles.people.audit import record
from assistant.circles.people.memberships import seat_of
from assistant.circles.people.permissions import circle_for, held_roles
from assistant.circles.people.roster import members_of
from assistant.language.commands.addressing import named_in
from assistant.language.folding import fold
from assistant.language.languages import LANGUAGES, spoken
from assistant.language.phones.phone_numbers import read_phone
from assistant.store.tables import Circle, Member, Person, Role

OfferedSeat = Literal["host", "backup"]
OTHER: Final = "other"
"""The last option, after the members."""
ASKED: Final = ("active", "reading")


@action("found", "several", "nobody", "backup", "none")
def find_heir(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Find whom the host hands the seat to, as `text` says: a member, or a number.

    several: `people` and `options` list the members. nobody: there are none to name. backup: the sender is
    the backup, not the host.
    """
    return _find(ctx, "host", text)


@action("found", "several", "nobody", "backup", "none")
def find_backup(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Find whom the host wants as backup; the outcomes are those of `find_heir`."""
    return _find(ctx, "backup", text)


@action("found", "several", "nobody", "backup", "none")
def find_cohost(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Find who is to host beside the sender; the outcomes are those of `find_heir`, and `beside` says so."""
    found = _find(ctx, "host", text)
    return replace(found, values={**found.values, "beside": True})


@action("asked", "forward", "named", "other", "own", "already", "backup", "none")
def offer_seat(
    ctx: ActionContext,
    *,
    seat: OfferedSeat | None = None,
    heir: str = "",
    phone: str = "",
    other_name: str = "",
    beside: bool = False,
) -> ActionResult:
    """Offer the `seat` (host, backup) to the member in `heir`, the number in `phone`, or a name to come.

    `beside`: the sender goes on hosting.

    asked: a member, who is asked now. forward: a number, which nobody texts; the host forwards a line.
    named: whoever of that name joins next. other: someone is meant who is not on the list.
    """
    circle = hosted(ctx)
    if circle is None or seat is None:
        return ActionResult("none")
    mine = role_as_host(ctx, ctx.person, circle)
    if mine is None:
        return ActionResult("backup")
    if heir == OTHER:
        return ActionResult("other", {"heir": "", "phone": ""})
    if not heir and not phone:
        if not other_name or seat != "backup":
            return ActionResult("none")
        heir = _namesake(ctx, circle, other_name)
        if not heir:
            return _wait_for(ctx, circle, other_name)
    person = _person_of(ctx, circle, heir) if heir else None
    if phone and not heir:
        person, _address = person_at(ctx.session, phone, ctx.now)
    if person is None:
        return ActionResult("none")
    if person.id == ctx.person.id:
        return ActionResult("own", {"heir": "", "phone": ""})
    own = None if beside else mine
    replaces = own if seat == "host" else _backup_now(ctx, circle, person)
    offer = offer_role(ctx, person, seat, circle, replaces=replaces)
    if offer is None:
        return ActionResult("already", other_name_of(person))
    if seat == "backup":
        circle.backup_named = None
    member = seat_of(ctx.session, person.id, circle.id)
    if member is None or member.state not in ASKED or member.promised_at is None:
        return ActionResult("forward")
    return ActionResult(
        "asked", other_name_of(person), (Start(person.id, "host_offer", {"offer": offer.id}, member.id),)
    )


@action("ask", "gone")
def meet_namesake(ctx: ActionContext, *, candidate: int = 0) -> ActionResult:
    """Ask about someone who has joined and has the name given for a backup: `candidate` is the seat."""
    member = ctx.session.get(Member, candidate)
    if member is None or member.state not in ASKED:
        return ActionResult("gone")
    circle = circle_for(ctx.session, ctx.person.id, member.circle_id)
    if circle is None or role_as_host(ctx, ctx.person, circle) is None:
        return ActionResult("gone")
    person = ctx.session.get_one(Person, member.person_id)
    values = {"seat": "backup", "heir": str(member.id), "phone": "", **other_name_of(person)}
    return ActionResult("ask", values, circle=circle)


@action("ask", "gone")
def open_offer(ctx: ActionContext, *, offer: int = 0) -> ActionResult:
    """Open the question: the `seat` that `offer` names, as long as it can still be taken."""
    role = _offer(ctx, offer)
    if role is None:
        return ActionResult("gone")
    host = next(iter(hosts_to_tell(ctx, role)), None)
    name = ctx.session.get_one(Person, host).name if host else None
    values = {
        "seat": _seat_of(role),
        **({"host": shorten(name, PLACEHOLDERS["host"].longest)} if name else {}),
    }
    return ActionResult("ask", values)


@action("taken", "gone")
def take_offer(ctx: ActionContext, *, offer: int = 0) -> ActionResult:
    """Take the seat up, after a yes."""
    role = _offer(ctx, offer)
    if role is None or ctx.circle is None:
        return ActionResult("gone")
    if role.accepted_at is not None:
        return ActionResult("taken")
    return ActionResult("taken", effects=take_up_role(ctx, role, ctx.circle))


@action("declined", "gone")
def decline_offer(ctx: ActionContext, *, offer: int = 0) -> ActionResult:
    """Decline the seat: whoever asked hears so, kindly."""
    role = _offer(ctx, offer)
    if role is None or role.accepted_at is not None:
        return ActionResult("gone")
    told = _tell_asker(ctx, role, f"{_seat_of(role)}_declined")
    role.ended_at = ctx.now
    record(ctx.session, f"decline {role.kind}", ctx.now, by=ctx.person.id, circle_id=role.circle_id)
    return ActionResult("declined", effects=told)


@action("waits", "gone")
def let_offer_rest(ctx: ActionContext, *, offer: int = 0) -> ActionResult:
    """No answer: the offer stands, and whoever asked hears that it is open."""
    role = _offer(ctx, offer)
    if role is None or role.accepted_at is not None:
        return ActionResult("gone")
    return ActionResult("waits", effects=_tell_asker(ctx, role, f"{_seat_of(role)}_unanswered"))


def _find(ctx: ActionContext, seat: OfferedSeat, said: str) -> ActionResult:
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    if role_as_host(ctx, ctx.person, circle) is None:
        return ActionResult("backup")
    people = _candidates(ctx, circle)
    if phone := read_phone(said, ctx.identity.country):
        return ActionResult("found", {"seat": seat, "heir": "", "phone": phone})
    named = named_in(said, people) if said else []
    if len(named) == 1:
        return ActionResult("found", {"seat": seat, "heir": str(named[0]), "phone": ""})
    if not people:
        return ActionResult("nobody", {"seat": seat})
    return ActionResult(
        "several", {"seat": seat, **_list(ctx, {key: people[key] for key in named} or people)}
    )


def _list(ctx: ActionContext, people: Mapping[int, str]) -> dict[str, Any]:
    """Members to choose from, by initials where others see the phone, and someone else as the last option.

    What does not fit into the text is left out of `options`; a first name is understood all the same.
    """
    last = LANGUAGES[spoken(ctx.person.language)].labels["another"]
    labels = [name[:1].upper() if ctx.person.plain else name for name in people.values()]
    choices = [*zip(people, labels, strict=True), (OTHER, last)]
    options = fitting_options([shorten(label, LONGEST_OPTION) for label in labels], last)
    return {**list_choices("people", choices), "options": options}


def _candidates(ctx: ActionContext, circle: Circle) -> dict[int, str]:
    """Seats of members who take part and have a name, except the host's own -> their names."""
    return {
        each.member.id: each.person.name
        for each in members_of(ctx.session, [circle], ASKED)
        if each.person.name and each.person.id != ctx.person.id
    }


def _person_of(ctx: ActionContext, circle: Circle, heir: str) -> Person | None:
    """Return who holds the chosen seat; None once that member has left, or if it is of another circle."""
    if not heir.isdigit() or int(heir) not in _candidates(ctx, circle):
        return None
    return ctx.session.get_one(Person, ctx.session.get_one(Member, int(heir)).person_id)


def _namesake(ctx: ActionContext, circle: Circle, name: str) -> str:
    """Return the seat of the first member of that first name; "" where it is nobody's yet."""
    first_name = fold(name).split()[:1]
    candidates = _candidates(ctx, circle).items()
    return next((str(key) for key, known in candidates if fold(known).split()[:1] == first_name), "")


def _wait_for(ctx: ActionContext, circle: Circle, name: str) -> ActionResult:
    """Keep a first name that is nobody's yet: whoever of that name joins next may be meant."""
    circle.backup_named = name
    record(ctx.session, "name backup", ctx.now, by=ctx.person.id, circle_id=circle.id)
    return ActionResult("named")


def _backup_now(ctx: ActionContext, circle: Circle, but: Person) -> Role | None:
    """The backup who gives way to a new one: the last who took that up."""
    others = [role for role in held_roles(ctx.session, circle, "backup") if role.person_id != but.id]
    return others[-1] if others else None


def _offer(ctx: ActionContext, offer: int) -> Role | None:
    """Return the role that the person was asked about, locked, as long as it is theirs and stands."""
    role = ctx.session.scalars(
        select(Role)
        .where(Role.id == offer, Role.person_id == ctx.person.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if role is None or not still_offered(ctx, role):
        return None
    circle = ctx.session.get(Circle, role.circle_id)
    return role if circle is not None and circle.state != "closed" else None


def _seat_of(role: Role) -> str:
    """What was offered, as notices call it: who hosts beside another is a cohost there."""
    return "cohost" if role.kind == "host" and role.replaces_id is None else role.kind


def _tell_asker(ctx: ActionContext, role: Role, notice: str) -> tuple[Effect, ...]:
    named = other_name_of(ctx.person)
    return tuple(Tell(host, notice, named, circle_id=role.circle_id) for host in hosts_to_tell(ctx, role))
