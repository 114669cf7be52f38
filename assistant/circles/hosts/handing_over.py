"""Passes a host's seat on, or finds her a backup: whoever is named is asked, and nobody is seated unasked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.audit import record
from assistant.circles.fills import FILLS, name2_of, shorten
from assistant.circles.hosts.hosted import hosted
from assistant.circles.hosts.hosting import held_roles, hosts_to_tell, offer_role, still_offered, take_up_role
from assistant.circles.hosts.naming import members_of
from assistant.circles.organizers.organizing import person_at
from assistant.circles.profile import LONGEST_OPTION
from assistant.circles.scene import Done, Effect, Scene, Start, Tell, action
from assistant.circles.seats import hosts_of, seat_of
from assistant.language.addressing import named_in
from assistant.language.folding import fold
from assistant.language.phones import read_phone
from assistant.store.tables import Circle, Member, Person, Role

OTHER: Final = "other"
ANOTHER: Final = {"en": "another", "es": "otra persona"}
"""The last option, after the members."""
ASKED: Final = ("active", "reading")


@action("found", "several", "nobody", "backup", "none")
def find_heir(scene: Scene) -> Done:
    """Whom she hands her seat as host to, as `text` says: a member, or a number.

    several: `people` and `options` list the members. nobody: there are none to name. backup: she is not the
    host herself.
    """
    return _find(scene, "host")


@action("found", "several", "nobody", "backup", "none")
def find_backup(scene: Scene) -> Done:
    """Whom she wants as backup; the outcomes are those of `find_heir`."""
    return _find(scene, "backup")


@action("asked", "forward", "named", "other", "own", "already", "backup", "none")
def offer_seat(scene: Scene) -> Done:
    """Offer the `seat` (host, backup) to the member in `heir`, the number in `phone`, or a name to come.

    asked: a member, who is asked now. forward: a number, which nobody texts; she forwards a line herself.
    named: whoever of that name joins next. other: she means someone who is not on the list.
    """
    circle = hosted(scene)
    if circle is None:
        return Done("none")
    mine = _role_as_host(scene, scene.person, circle)
    if mine is None:
        return Done("backup")
    kind, heir, phone = (str(scene.values.get(key) or "") for key in ("seat", "heir", "phone"))
    if heir == OTHER:
        return Done("other", {"heir": "", "phone": ""})
    if not heir and not phone:
        return _wait_for(scene, circle, str(scene.values.get("name2") or ""))
    person = _person_of(scene, circle, heir) if heir else None
    if phone and not heir:
        person, _address = person_at(scene.session, phone, scene.now)
    if person is None:
        return Done("none")
    if person.id == scene.person.id:
        return Done("own", {"heir": "", "phone": ""})
    replaces = mine if kind == "host" else _backup_now(scene, circle, person)
    offer = offer_role(scene, person, kind, circle, replaces=replaces)
    if offer is None:
        return Done("already", name2_of(person))
    if kind == "backup":
        circle.backup_named = None
    member = seat_of(scene.session, person.id, circle.id)
    if member is None or member.state not in ASKED or member.promised_at is None:
        return Done("forward")
    return Done("asked", name2_of(person), (Start(person.id, "host_offer", {"offer": offer.id}, member.id),))


@action("ask", "gone")
def meet_namesake(scene: Scene) -> Done:
    """Someone of the name she gave for a backup has joined: `candidate` is her seat."""
    member = scene.session.get(Member, int(scene.values.get("candidate") or 0))
    if member is None or member.state not in ASKED:
        return Done("gone")
    scene.circle = scene.session.get_one(Circle, member.circle_id)
    circle = hosted(scene)
    if circle is None or _role_as_host(scene, scene.person, circle) is None:
        return Done("gone")
    person = scene.session.get_one(Person, member.person_id)
    values = {"seat": "backup", "heir": str(member.id), "phone": "", **name2_of(person)}
    return Done("ask", values, circle=circle)


def ask_about_namesake(scene: Scene, circle: Circle) -> tuple[Effect, ...]:
    """The person in `scene` has come in: if hers is the name of the backup to be, the host is asked."""
    wanted, name = fold(circle.backup_named or "").split(), fold(scene.person.name or "").split()
    hosts = [
        host
        for host in hosts_of(scene.session, circle.id, scene.now)
        if _role_as_host(scene, host, circle) is not None
    ]
    if not wanted or wanted[:1] != name[:1] or not hosts or scene.member is None:
        return ()
    if scene.person.id in {host.id for host in hosts}:
        return ()
    circle.backup_named = None
    return (Start(hosts[0].id, "backup_named", {"candidate": scene.member.id}),)


@action("ask", "gone")
def open_offer(scene: Scene) -> Done:
    """What she is asked: the `seat` that `offer` names, as long as it is still hers to take."""
    role = _offer(scene)
    if role is None:
        return Done("gone")
    host = next(iter(hosts_to_tell(scene, role)), None)
    name = scene.session.get_one(Person, host).name if host else None
    values = {"seat": role.kind, **({"host": shorten(name, FILLS["host"].longest)} if name else {})}
    return Done("ask", values)


@action("taken", "gone")
def take_offer(scene: Scene) -> Done:
    """She says yes: the seat is hers."""
    role = _offer(scene)
    if role is None or scene.circle is None:
        return Done("gone")
    if role.accepted_at is not None:
        return Done("taken")
    return Done("taken", effects=take_up_role(scene, role, scene.circle))


@action("declined", "gone")
def decline_offer(scene: Scene) -> Done:
    """She would rather not: whoever asked hears so, kindly."""
    role = _offer(scene)
    if role is None or role.accepted_at is not None:
        return Done("gone")
    told = _tell_asker(scene, role, f"{role.kind}_declined")
    role.ended_at = scene.now
    record(scene.session, f"decline {role.kind}", scene.now, by=scene.person.id, circle_id=role.circle_id)
    return Done("declined", effects=told)


@action("waits", "gone")
def let_offer_rest(scene: Scene) -> Done:
    """No answer: the offer stands, and whoever asked hears that it is open."""
    role = _offer(scene)
    if role is None or role.accepted_at is not None:
        return Done("gone")
    return Done("waits", effects=_tell_asker(scene, role, f"{role.kind}_unanswered"))


def _find(scene: Scene, seat: str) -> Done:
    circle = hosted(scene)
    if circle is None:
        return Done("none")
    if _role_as_host(scene, scene.person, circle) is None:
        return Done("backup")
    people = _candidates(scene, circle)
    said = str(scene.values.get("text") or "")
    if phone := read_phone(said, scene.house.country):
        return Done("found", {"seat": seat, "heir": "", "phone": phone})
    named = named_in(said, people) if said else []
    if len(named) == 1:
        return Done("found", {"seat": seat, "heir": str(named[0]), "phone": ""})
    if not people:
        return Done("nobody", {"seat": seat})
    return Done("several", {"seat": seat, **_list(scene, {key: people[key] for key in named} or people)})


def _list(scene: Scene, people: Mapping[int, str]) -> dict[str, Any]:
    """Members to choose from, by initials where others see the phone, and someone else as the last option.

    What does not fit into the text is left out of `options`; a first name is understood all the same.
    """
    language = "es" if scene.person.language == "es" else "en"
    labels = [name[:1].upper() if scene.person.plain else name for name in people.values()]
    listed = [{"key": str(key), "label": label} for key, label in zip(people, labels, strict=True)]
    last = f"{len(labels) + 1} {ANOTHER[language]}"
    options = _as_many_as_fit(
        [f"{at} {shorten(label, LONGEST_OPTION)}" for at, label in enumerate(labels, 1)], last
    )
    return {"people": [*listed, {"key": OTHER, "label": ANOTHER[language]}], "options": options}


def _as_many_as_fit(options: Sequence[str], last: str) -> str:
    shown = list(options)
    while shown and len(", ".join((*shown, last))) > FILLS["options"].longest:
        shown.pop()
    return ", ".join((*shown, last))


def _candidates(scene: Scene, circle: Circle) -> dict[int, str]:
    """Seats of members who take part and have a name, except her own -> their names."""
    return {
        each.member.id: each.person.name
        for each in members_of(scene.session, [circle], ASKED)
        if each.person.name and each.person.id != scene.person.id
    }


def _person_of(scene: Scene, circle: Circle, heir: str) -> Person | None:
    """Who holds the seat that was chosen; None once she has left, or if it is of another circle."""
    if not heir.isdigit() or int(heir) not in _candidates(scene, circle):
        return None
    return scene.session.get_one(Person, scene.session.get_one(Member, int(heir)).person_id)


def _wait_for(scene: Scene, circle: Circle, name: str) -> Done:
    """A first name that is nobody's yet is kept; None where she named nobody after all."""
    if not name or scene.values.get("seat") != "backup":
        return Done("none")
    for key, known in _candidates(scene, circle).items():
        if fold(known).split()[:1] == fold(name).split()[:1]:
            scene.values = {**scene.values, "heir": str(key)}
            return offer_seat(scene)
    circle.backup_named = name
    record(scene.session, "name backup", scene.now, by=scene.person.id, circle_id=circle.id)
    return Done("named")


def _backup_now(scene: Scene, circle: Circle, but: Person) -> Role | None:
    """The backup who gives way to a new one: the last who took that up."""
    others = [role for role in held_roles(scene, circle, "backup") if role.person_id != but.id]
    return others[-1] if others else None


def _role_as_host(scene: Scene, person: Person, circle: Circle) -> Role | None:
    held = held_roles(scene, circle, "host")
    return next((role for role in held if role.person_id == person.id), None)


def _offer(scene: Scene) -> Role | None:
    """The role that she was asked about, locked, as long as it is hers and stands."""
    role = scene.session.scalars(
        select(Role)
        .where(Role.id == int(scene.values.get("offer") or 0), Role.person_id == scene.person.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if role is None or not still_offered(scene, role):
        return None
    circle = scene.session.get(Circle, role.circle_id)
    return role if circle is not None and circle.state != "closed" else None


def _tell_asker(scene: Scene, role: Role, notice: str) -> tuple[Effect, ...]:
    named = name2_of(scene.person)
    return tuple(Tell(host, notice, named, circle_id=role.circle_id) for host in hosts_to_tell(scene, role))
