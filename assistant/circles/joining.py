"""Brings people into circles: JOIN and all it can come to, and the promise that opens the door."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from assistant.circles.fills import name2_of
from assistant.circles.hosts.beginning import tell_when_enough
from assistant.circles.hosts.handing_over import ask_about_namesake
from assistant.circles.on_call import consent_of
from assistant.circles.organizers.inviting import open_invitations, take_back
from assistant.circles.scene import Done, Effect, Finish, OptIn, Scene, Tell, action
from assistant.circles.seasons import replan
from assistant.circles.seats import find_circle, hosts_of, is_full, lock_circle, seat_of, seats_of
from assistant.language.folding import plain_words
from assistant.language.words import FLUFF
from assistant.store.circles import SEATED
from assistant.store.tables import Circle, Conversation, Invitation, Member, Question

SPANISH_JOINS = frozenset({"unirme", "unir", "quiero", "entrar"})
"""How a JOIN begins that was written in Spanish."""
JOINS_ONLY: Final = frozenset({"unirme"})
"""What is said for nothing else, wherever it stands: "Hola, vi el volante. UNIRME A MAPLE"."""
ASKED_ONCE_IN: Final = dt.timedelta(days=1)
"""So often a host hears at most that someone whose seat was closed would like to come back."""


@action(
    *("joined", "second", "again", "back", "on_the_way", "already"),
    *("asked_host", "full", "closed", "unknown", "no_code"),
)
def join(scene: Scene) -> Done:
    """Give her a seat in the circle whose code she sent, or say why not; codes of other circles stay secret.

    joined: in a circle for the first time. second: she has a seat elsewhere, so the short way. again: she had
    stopped before the promise. back: she had left, or opted out. on_the_way: a question of it is open.
    asked_host: a host has closed her seat, and only a host opens it.
    """
    said = str(scene.values.get("code") or "")
    found = find_circle(scene.session, said)
    if found is None and not _names_something(said):
        invited = open_invitations(scene.session, scene.person.id, scene.now)
        found = invited[0][1] if len(invited) == 1 else None
    if found is None:
        return Done("unknown" if _names_something(said) else "no_code")
    circle = lock_circle(scene.session, found.id)
    invitation = _invitation(scene, circle)
    values = {"circle": circle.name, "code": circle.code, **_settle_language(scene, circle, invitation)}
    if circle.state == "closed":
        return Done("closed", values)
    member = seat_of(scene.session, scene.person.id, circle.id)
    if member is not None and member.state in SEATED:
        return _seated_already(scene, member, values)
    if member is not None and member.barred_at is not None:
        return _ask_host(scene, circle, values)
    if is_full(scene.session, circle):
        return Done("full", values)
    if invitation is not None:
        _confirm(scene, invitation)
    if member is not None and member.state == "left" and member.promised_at is not None:
        _take_seat(scene, circle, member, "active")
        return Done("back", values, (OptIn(), *tell_hosts(scene, circle, "member_back")), member)
    outcome = "second" if _is_known(scene) else "joined"
    return Done(outcome, values, (OptIn(),), _take_seat(scene, circle, member, "joining"))


@action("kept", "no_seat")
def keep_promise(scene: Scene) -> Done:
    """She agreed: the seat is hers, and only now the host hears of her."""
    if scene.member is None or scene.circle is None or scene.member.state not in SEATED:
        return Done("no_seat")
    first_time = scene.member.promised_at is None
    scene.member.promised_at = scene.member.promised_at or scene.now
    if scene.member.state == "joining":
        _set_state(scene, scene.member, "active")
    if not first_time:
        return Done("kept")
    return Done(
        "kept",
        effects=(
            *tell_hosts(scene, scene.circle, "member_joined"),
            *tell_when_enough(scene, scene.circle),
            *ask_about_namesake(scene, scene.circle),
        ),
    )


@action("yes", "no")
def has_promised(scene: Scene) -> Done:
    """Whether she agreed to the promise of this circle."""
    return Done("yes" if scene.member is not None and scene.member.promised_at is not None else "no")


@action("dated", "undated", "running")
def look_ahead(scene: Scene) -> Done:
    """Whether it is known when her circle begins, or whether it has begun."""
    starts = scene.circle.starts_on if scene.circle else None
    if starts is None:
        return Done("undated")
    return Done("dated" if starts > scene.now.date() else "running")


def tell_hosts(scene: Scene, circle: Circle, notice: str) -> tuple[Effect, ...]:
    """Say a notice about the person in `scene` to whoever hosts her circle, except to herself."""
    return tuple(
        Tell(host.id, notice, name2_of(scene.person), circle_id=circle.id)
        for host in hosts_of(scene.session, circle.id, scene.now)
        if host.id != scene.person.id
    )


def _seated_already(scene: Scene, member: Member, values: dict[str, str]) -> Done:
    if member.state == "unreachable":
        _set_state(scene, member, "active" if member.promised_at else "joining")
    out = _opted_out(scene)
    if member.promised_at is not None and out:
        return Done("back", values, (OptIn(),), member)
    if not out and _is_being_asked(scene, member):
        return Done("on_the_way", values, (OptIn(),), member)
    if member.promised_at is not None:
        return Done("already", values, (OptIn(),), member)
    # She stopped half-way: what was begun is over, and what we know of her need not be asked again.
    outcome = "again" if scene.person.name else "joined"
    return Done(outcome, values, (Finish(scene.person.id, member.id), OptIn()), member)


def _ask_host(scene: Scene, circle: Circle, values: dict[str, str]) -> Done:
    """Her wish is put to whoever hosts, once a day; `asked` says whether there is anyone to ask."""
    asked = select(Conversation.values).where(
        Conversation.person_id == scene.person.id, Conversation.began_at > scene.now - ASKED_ONCE_IN
    )
    lately = any(each.get("asked") == circle.code for each in scene.session.scalars(asked))
    hosts = hosts_of(scene.session, circle.id, scene.now)
    effects = () if lately else tell_hosts(scene, circle, "wants_back")
    values = {**values, "asked": circle.code if hosts else "nobody"}
    return Done("asked_host", values, (OptIn(), *effects))


def _take_seat(scene: Scene, circle: Circle, member: Member | None, state: str) -> Member:
    if member is None:
        member = Member(circle_id=circle.id, person_id=scene.person.id)
        scene.session.add(member)
    member.joined_at = member.joined_at or scene.now
    _set_state(scene, member, state)
    scene.session.flush()
    return member


def _set_state(scene: Scene, member: Member, state: str) -> None:
    """Whoever comes into a season that runs gets this week's questions from now on."""
    member.state = state
    member.state_at = scene.now
    scene.session.flush()
    replan(scene.session, member, scene.now)


def _names_something(said: str) -> bool:
    return any((word,) not in FLUFF for word in plain_words(said))


def _settle_language(scene: Scene, circle: Circle, invitation: Invitation | None) -> dict[str, str]:
    """Write to her in a language from now on; it is among the values if it is hers, not just her circle's."""
    words = plain_words(scene.words)
    joined_in = "es" if words and (words[0] in SPANISH_JOINS or JOINS_ONLY.intersection(words)) else None
    hers = scene.person.language or joined_in or (invitation.language if invitation else None)
    scene.person.language = hers or circle.language
    return {"language": hers} if hers else {}


def _is_known(scene: Scene) -> bool:
    """Whether she has been brought in before, or is being brought in elsewhere right now."""
    promised = scene.session.scalar(
        select(Member.id).where(Member.person_id == scene.person.id, Member.promised_at.is_not(None)).limit(1)
    )
    return promised is not None or bool(seats_of(scene.session, scene.person.id))


def _is_being_asked(scene: Scene, member: Member) -> bool:
    asked = select(Question.id).where(Question.member_id == member.id, Question.state != "closed")
    return scene.session.scalar(asked.limit(1)) is not None


def _opted_out(scene: Scene) -> bool:
    return consent_of(scene.session, scene.address_id, scene.house.sender) == "out"


def _invitation(scene: Scene, circle: Circle) -> Invitation | None:
    return scene.session.scalars(
        select(Invitation).where(Invitation.circle_id == circle.id, Invitation.address_id == scene.address_id)
    ).first()


def _confirm(scene: Scene, invitation: Invitation) -> None:
    """Her JOIN confirms it; what an organizer wrote about her stands until she says otherwise."""
    invitation.state = "confirmed"
    invitation.settled_at = scene.now
    take_back(scene.session, [(invitation.address_id, invitation.circle_id)], "joined")
    scene.person.name = scene.person.name or invitation.name
    scene.person.zone = scene.person.zone or invitation.zone
