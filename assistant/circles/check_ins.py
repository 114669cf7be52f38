"""Asks how everyone is, for the host only: "not OK" reaches a person at once, if one has signed up for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from assistant.circles.fills import FILLS, shorten
from assistant.circles.scene import Done, Scene, Tell, action
from assistant.language.choices import Choice, read_choice
from assistant.store.circles import SEATED
from assistant.store.tables import Address, Alert, Consent, Person, Role

_HOW: Final = (
    Choice(
        "ok",
        {
            "en": ("ok", "fine", "good", "well", "great", "all good", "better"),
            "es": ("bien", "muy bien", "mejor", "todo bien"),
        },
    ),
    Choice(
        "not_ok",
        {
            "en": ("not ok", "bad", "not good", "not well", "not great", "awful", "terrible", "struggling"),
            "es": ("mal", "muy mal", "no estoy bien", "no muy bien", "fatal", "peor"),
        },
    ),
)
"""How people say it in an answer of their own."""


@action("hosted", "own", "alone", "no_seat")
def who_hears(scene: Scene) -> Done:
    """Whether a host hears "not OK" today; own: she asks in words of her own (`question`)."""
    if scene.circle is None or scene.member is None or scene.member.state not in SEATED:
        return Done("no_seat")
    hosts = hosts_on_call(scene)
    if not hosts:
        return Done("alone")
    question = scene.values.get("question")
    return Done("own" if isinstance(question, str) and question.strip() else "hosted", _named(hosts))


@action("ok", "not_ok", "said")
def hear_how(scene: Scene) -> Done:
    """How she is, as far as an answer in her own words (`how`) says it plainly."""
    how = read_choice(str(scene.values.get("how_words") or ""), _HOW, scene.person.language or "en")
    return Done(how or "said")


@action("told", "nobody")
def tell_host_not_ok(scene: Scene) -> Done:
    """Tell whoever hosts her circle now, at any hour, that she is not OK: who she is, but no word of hers."""
    hosts = hosts_on_call(scene)
    if scene.circle is None or not hosts:
        return Done("nobody")
    _open_alert(scene, scene.circle.id)
    fills = {"name2": shorten(scene.person.name, FILLS["name2"].longest)} if scene.person.name else {}
    told = tuple(
        Tell(host.id, "not_ok_host", fills, purpose="alert", circle_id=scene.circle.id) for host in hosts
    )
    return Done("told", _named(hosts), told)


def hosts_on_call(scene: Scene) -> Sequence[Person]:
    """The people other than herself who host her circle now and whom a text reaches: all we may promise.

    The hosts who are there; without one, the backups.
    """
    if scene.circle is None:
        return []
    rows = scene.session.execute(
        select(Role, Person)
        .join(Person, Person.id == Role.person_id)
        .where(
            Role.circle_id == scene.circle.id,
            Role.kind.in_(("host", "backup")),
            Role.accepted_at.is_not(None),
            Role.ended_at.is_(None),
            Role.person_id != scene.person.id,
        )
        .order_by(Role.id)
    ).all()
    here = [row for row in rows if row.Role.away_until is None or row.Role.away_until <= scene.now]
    for kind in ("host", "backup"):
        there = [row.Person for row in here if row.Role.kind == kind and _hears_us(scene, row.Person.id)]
        if there:
            return there
    return []


def _named(hosts: Sequence[Person]) -> dict[str, str]:
    """Who reads her answer, by name; it may be the backup."""
    name = next((host.name for host in hosts if host.name), None)
    return {"host": shorten(name, FILLS["host"].longest)} if name else {}


def _hears_us(scene: Scene, person_id: int) -> bool:
    """Whether the address she last wrote from may be texted: agreed to, reachable, not given up."""
    address = scene.session.scalars(
        select(Address)
        .where(Address.person_id == person_id, Address.retired_at.is_(None))
        .order_by(Address.heard_at.desc().nulls_last(), Address.id.desc())
        .limit(1)
    ).first()
    if address is None or address.unreachable_at is not None:
        return False
    newest = scene.session.scalar(
        select(Consent.kind)
        .where(Consent.address_id == address.id, Consent.sender == scene.house.sender)
        .order_by(Consent.id.desc())
        .limit(1)
    )
    return newest == "in"


def _open_alert(scene: Scene, circle_id: int) -> None:
    """On record until a person closes it; one at a time about the same member."""
    standing = select(Alert.id).where(
        Alert.kind == "not_ok",
        Alert.circle_id == circle_id,
        Alert.person_id == scene.person.id,
        Alert.closed_at.is_(None),
    )
    if scene.session.scalar(standing.limit(1)) is None:
        scene.session.add(
            Alert(
                kind="not_ok",
                circle_id=circle_id,
                person_id=scene.person.id,
                inbox_id=scene.inbox_id,
                opened_at=scene.now,
            )
        )
        scene.session.flush()
