"""Hears from an unknown number that it is a member with a new phone; proven by a word, or by a host.

Whoever asks learns nothing: where nobody of that name sits in that circle, the same is said and asked as
where someone does. The seat moves only once it was proven and the new phone has agreed to our texts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, select, update

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, other_name_of
from assistant.circles.actions.registry import action
from assistant.circles.membership.own_word import forget_secret, is_own_word
from assistant.circles.people.audit import record
from assistant.circles.people.memberships import find_circle, hosts_of
from assistant.circles.people.permissions import circle_for, held_roles
from assistant.circles.people.roster import is_called
from assistant.language.folding import plain_words
from assistant.language.languages import moved_in
from assistant.language.replies.names import read_name
from assistant.language.replies.yes_no import is_skip
from assistant.language.words import NO
from assistant.store.tables import Circle, Member, Person, PhoneClaim, Role
from assistant.store.tables.circle_tables import SEATED

MOST_TRIES: Final = 3
"""Words that may be tried for one claim."""
MOST_A_DAY: Final = 3
"""Claims from one number."""
MOST_ABOUT: Final = 8
"""Claims about one person in a week, from all numbers: beyond it only who runs this service can help."""
ASKED_ONCE_IN: Final = dt.timedelta(days=2)
"""So often hosts are asked about the same person at most."""
HOLDS: Final = dt.timedelta(days=3)
"""So long after it was proven a seat can be moved."""
BOTH: Final = 2
"""Words of a name and a circle."""
HOSTS_FLOW: Final = "new_phone_host"
PROVEN: Final = "new_phone_yes"


@action("stranger", "seated", "proven", "enough")
def who_is_moving(ctx: ActionContext) -> ActionResult:
    """Whether the number is unknown; seated: it has a seat, which a new phone has to ask for.

    proven: a host has said yes to it already. enough: there were as many claims from here as there may be.
    """
    if ctx.person.language is None:
        ctx.person.language = moved_in(plain_words(ctx.words))
    if holds_something(ctx, ctx.person):
        return ActionResult("seated")
    if proven_claim(ctx) is not None:
        return ActionResult("proven")
    today = select(func.count()).where(
        PhoneClaim.person_id == ctx.person.id, PhoneClaim.opened_at > ctx.now - dt.timedelta(days=1)
    )
    return ActionResult("enough" if (ctx.session.scalar(today) or 0) >= MOST_A_DAY else "stranger")


@action("noted", "unclear")
def note_claim(ctx: ActionContext, *, claim: str = "") -> ActionResult:
    """Note who somebody says they are, from the first name and the circle's word in `claim`.

    unclear: it is not two such words; whether there is such a circle, or such a member, is not told.
    """
    circle = find_circle(ctx.session, claim)
    code = circle.code.lower() if circle is not None else ""
    words = [word for word in plain_words(claim) if word not in (code, "join", "unirme")]
    name = next((read for word in words if (read := read_name(word)) is not None), None)
    if name is None or len(plain_words(claim)) < BOTH:
        return ActionResult("unclear", {"claim": ""})
    called = _called(ctx, circle, name) if circle is not None else []
    made = PhoneClaim(
        person_id=ctx.person.id,
        circle_id=circle.id if circle is not None else None,
        of_person_id=called[0].id if len(called) == 1 else None,
        state="asked",
        opened_at=ctx.now,
    )
    ctx.session.add(made)
    ctx.session.flush()
    record(ctx.session, "new phone claim", ctx.now, by=ctx.person.id, circle_id=made.circle_id, claim=made.id)
    return ActionResult("noted", {"phone_claim": made.id, "called": name, "claim": "", "tries": 0})


@action("proven", "host", "wrong", "enough")
def check_own_word(
    ctx: ActionContext, *, phone_claim: int = 0, called: str = "", own: str = "", tries: int = 0
) -> ActionResult:
    """Whether `own` is the word that whoever is meant has set; host: there is none, so a host is to say.

    Of several of one first name it is whoever set that word.
    """
    forget_secret(ctx)
    values = {"own": "", "tries": tries + 1}
    claim = _own_claim(ctx, phone_claim)
    circle = ctx.session.get(Circle, claim.circle_id or 0) if claim is not None else None
    people = _called(ctx, circle, called) if circle is not None else []
    found = [each for each in people if not _is_much(ctx, each) and is_own_word(ctx, each, own)]
    if claim is not None and len(found) == 1:
        claim.of_person_id, claim.state, claim.settled_at = found[0].id, "proven", ctx.now
        return ActionResult("proven", values)
    if is_skip(own) or _has_none(own):
        return ActionResult("host", values)
    return ActionResult("wrong" if tries + 1 < MOST_TRIES else "enough", values)


@action("asked")
def ask_hosts_about_claim(ctx: ActionContext, *, phone_claim: int = 0) -> ActionResult:
    """Ask whoever hosts the circle, if there is someone to ask about; it reads the same if there is not."""
    claim = _own_claim(ctx, phone_claim)
    person = ctx.session.get(Person, claim.of_person_id or 0) if claim is not None else None
    circle = ctx.session.get(Circle, claim.circle_id or 0) if claim is not None else None
    if (
        claim is None
        or person is None
        or circle is None
        or _is_much(ctx, person)
        or _asked_lately(ctx, claim)
    ):
        return ActionResult("asked")
    claim.state = "host"
    ctx.session.flush()
    hosts = _who_can_say(ctx, circle, person)
    return ActionResult(
        "asked", effects=tuple(Start(host.id, HOSTS_FLOW, {"phone_claim": claim.id}) for host in hosts)
    )


@action("ask", "gone")
def open_claim(ctx: ActionContext, *, phone_claim: int = 0) -> ActionResult:
    """Open the question to a host: is it this member? The first name is shown, nothing that was written."""
    found = _claim_for_host(ctx, phone_claim)
    if found is None:
        return ActionResult("gone")
    claim, circle = found
    person = ctx.session.get_one(Person, claim.of_person_id)
    name = (person.name or "").strip()
    initials = f"{name[0].upper()}." if name else PLACEHOLDERS["other_name"].plain[language_of(ctx)]
    return ActionResult("ask", {**other_name_of(person), "initials": initials}, circle=circle)


@action("vouched", "gone")
def vouch_for_claim(ctx: ActionContext, *, phone_claim: int = 0) -> ActionResult:
    """The host says that it is the member: the new phone is asked for its own yes to our texts."""
    found = _claim_for_host(ctx, phone_claim)
    if found is None:
        return ActionResult("gone")
    claim, circle = found
    claim.state, claim.settled_at, claim.settled_by = "proven", ctx.now, ctx.person.id
    record(ctx.session, "vouch for new phone", ctx.now, by=ctx.person.id, circle_id=circle.id, claim=claim.id)
    return ActionResult("vouched", effects=(Tell(claim.person_id, PROVEN, purpose="reply"),))


@action("refused", "gone")
def refuse_claim(ctx: ActionContext, *, phone_claim: int = 0) -> ActionResult:
    """The host says no, or nothing: whoever asked hears nothing of it."""
    found = _claim_for_host(ctx, phone_claim)
    if found is None:
        return ActionResult("gone")
    claim, circle = found
    claim.state, claim.settled_at, claim.settled_by = "refused", ctx.now, ctx.person.id
    record(ctx.session, "refuse new phone", ctx.now, by=ctx.person.id, circle_id=circle.id, claim=claim.id)
    return ActionResult("refused")


@action("dropped")
def drop_claim(ctx: ActionContext) -> ActionResult:
    """Whoever asked leaves it: no yes of a host moves anything any more."""
    mine = update(PhoneClaim).where(
        PhoneClaim.person_id == ctx.person.id, PhoneClaim.state.in_(("asked", "host", "proven"))
    )
    ctx.session.execute(mine.values(state="refused", settled_at=ctx.now))
    return ActionResult("dropped")


def proven_claim(ctx: ActionContext) -> PhoneClaim | None:
    """Return the claim of the person in `ctx` that was proven and may be moved by, locked; else None."""
    return ctx.session.scalars(
        select(PhoneClaim)
        .where(
            PhoneClaim.person_id == ctx.person.id,
            PhoneClaim.state == "proven",
            PhoneClaim.settled_at > ctx.now - HOLDS,
        )
        .order_by(PhoneClaim.id.desc())
        .limit(1)
        .with_for_update()
    ).first()


def holds_something(ctx: ActionContext, person: Person) -> bool:
    """Whether a person has a seat whose promise was kept, or a role that was taken up."""
    seat = select(Member.id).where(
        Member.person_id == person.id, Member.state.in_(SEATED), Member.promised_at.is_not(None)
    )
    role = select(Role.id).where(
        Role.person_id == person.id, Role.accepted_at.is_not(None), Role.ended_at.is_(None)
    )
    return any(ctx.session.scalar(each.limit(1)) is not None for each in (seat, role))


def _has_none(said: str) -> bool:
    """Whether an answer begins with a no: "no tengo", "nope, never did"."""
    words = tuple(plain_words(said))
    return any(words[: len(phrase)] == phrase for phrase in NO)


def _called(ctx: ActionContext, circle: Circle, name: str) -> Sequence[Person]:
    """Return who goes by a first name in a circle: members who kept the promise, hosts and backups."""
    members = select(Person).join(Member, Member.person_id == Person.id)
    members = members.where(
        Member.circle_id == circle.id, Member.state.in_(SEATED), Member.promised_at.is_not(None)
    )
    found = {person.id: person for person in ctx.session.scalars(members)}
    for kind in ("host", "backup"):
        for role in held_roles(ctx.session, circle, kind):
            found.setdefault(role.person_id, ctx.session.get_one(Person, role.person_id))
    return [each for _, each in sorted(found.items()) if is_called(each, name) and each.id != ctx.person.id]


def _who_can_say(ctx: ActionContext, circle: Circle, person: Person) -> list[Person]:
    hosts = [host for host in hosts_of(ctx.session, circle.id, ctx.now) if host.id != person.id]
    if hosts:
        return hosts
    others = [role.person_id for kind in ("host", "backup") for role in held_roles(ctx.session, circle, kind)]
    return [ctx.session.get_one(Person, each) for each in dict.fromkeys(others) if each != person.id]


def _own_claim(ctx: ActionContext, claim_id: int) -> PhoneClaim | None:
    claim = ctx.session.get(PhoneClaim, claim_id)
    return claim if claim is not None and claim.person_id == ctx.person.id else None


def _claim_for_host(ctx: ActionContext, claim_id: int) -> tuple[PhoneClaim, Circle] | None:
    """Return a claim that waits for a host's word, locked, if the person in `ctx` hosts that circle."""
    claim = ctx.session.scalars(
        select(PhoneClaim)
        .where(PhoneClaim.id == claim_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if claim is None or claim.state != "host" or claim.circle_id is None:
        return None
    circle = circle_for(ctx.session, ctx.person.id, claim.circle_id)
    return (claim, circle) if circle is not None and claim.of_person_id != ctx.person.id else None


def _is_much(ctx: ActionContext, person: Person) -> bool:
    """Whether so many claims were about this person lately that somebody seems to guess."""
    lately = select(func.count()).where(
        PhoneClaim.of_person_id == person.id, PhoneClaim.opened_at > ctx.now - dt.timedelta(days=7)
    )
    return (ctx.session.scalar(lately) or 0) > MOST_ABOUT


def _asked_lately(ctx: ActionContext, claim: PhoneClaim) -> bool:
    others: Any = select(PhoneClaim.id).where(
        PhoneClaim.of_person_id == claim.of_person_id,
        PhoneClaim.id != claim.id,
        PhoneClaim.state.in_(("host", "refused")),
        PhoneClaim.opened_at > ctx.now - ASKED_ONCE_IN,
    )
    return ctx.session.scalar(others.limit(1)) is not None
