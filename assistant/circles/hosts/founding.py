"""Lets anyone start a circle of her own: its name, a word to join by, herself as host, perhaps a backup."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Final

from sqlalchemy import func, select

from assistant.circles.audit import record
from assistant.circles.fills import FILLS, shorten
from assistant.circles.hosts.hosting import offer_role
from assistant.circles.on_call import consent_of
from assistant.circles.organizers.organizing import RESERVED, person_at, wrong_name
from assistant.circles.scene import AskAgain, Done, OptIn, Scene, action
from assistant.language.contacts import has_contact
from assistant.language.folding import plain_words
from assistant.language.gsm7 import to_gsm7
from assistant.language.names import read_name
from assistant.language.phones import read_phone
from assistant.language.words import NOT_CODES
from assistant.schedule.local_time import home, zone_of
from assistant.store.tables import Address, Circle, Conversation, Question, Role

MOST_GATHERING: Final = 3
"""So many circles of one host gather people at a time; more would leave friends waiting in all of them."""
FLOW: Final = "new_circle"
SPANISH: Final = frozenset({"nuevo", "nueva", "circulo", "abrir", "crear", "empezar", "iniciar", "quiero"})
"""Words of a NEW that was written in Spanish."""
LATER: Final = frozenset(
    {"later", "luego", "despues", "nobody", "nadie", "none", "ninguno", "no", "not", "notyet", "maybe"}
)
"""How a reply begins that names no backup yet."""
LONGEST_CODE: Final = 12
SHORTEST_CODE: Final = 3
NAMELESS: Final = "CIRCLE"
"""What a code is made from where a name has no letters that everyone can type."""


@action("newcomer", "known", "under_way", "enough")
def open_circle(scene: Scene) -> Done:
    """She asks for a circle in a text of her own, which opts her in.

    newcomer: she was not opted in until now, and has to read what the law asks. under_way: she is being asked
    already. enough: she hosts as many circles that gather people as may be.
    """
    if scene.person.language is None:
        scene.person.language = "es" if SPANISH & set(plain_words(scene.words)) else "en"
    if _is_under_way(scene):
        return Done("under_way", effects=(OptIn(), AskAgain()))
    if _gathering(scene) >= MOST_GATHERING:
        return Done("enough", effects=(OptIn(),))
    known = consent_of(scene.session, scene.address_id, scene.house.sender) == "in"
    return Done("known" if known else "newcomer", {"greeted": not known}, (OptIn(),))


@action("fine", "wrong")
def name_circle(scene: Scene) -> Done:
    """Take the name in `title`, or say in `wrong` why it cannot be: empty, signs, long, contact."""
    name = _tidy(str(scene.values.get("title") or ""))
    wrong = "contact" if has_contact(name, scene.house.country) else wrong_name(name)
    return Done("wrong", {"wrong": wrong}) if wrong else Done("fine", {"title": name})


@action("known", "unknown")
def know_zone(scene: Scene) -> Done:
    """Whether it is known by which clock she lives."""
    return Done("known" if scene.person.zone else "unknown")


@action("phone", "named", "later", "own", "unclear")
def read_backup(scene: Scene) -> Done:
    """Whom she would like as backup, as `backup` says: a number, a first name, or nobody yet.

    The flow goes on with `phone` and `name2`; own: the number is hers.
    """
    said = str(scene.values.get("backup") or "")
    nothing = {"phone": "", "name2": ""}
    if phone := read_phone(said, scene.house.country):
        if phone in _own_numbers(scene):
            return Done("own", nothing)
        return Done("phone", {"phone": phone, "name2": "", "backed": "phone"})
    if not said or LATER & set(plain_words(said)[:1]):
        return Done("later", nothing)
    name = read_name(said)
    if name is None:
        return Done("unclear", nothing)
    return Done("named", {"phone": "", "name2": shorten(name, FILLS["name2"].longest), "backed": "name"})


@action("founded", "enough")
def found_circle(scene: Scene) -> Done:
    """Make the circle of `title` with her as host; `phone` is offered the seat as backup, and not texted."""
    if _gathering(scene) >= MOST_GATHERING:
        return Done("enough")
    name = str(scene.values["title"])
    circle = Circle(
        code=_free_code(scene, name),
        name=name,
        language=scene.person.language or "en",
        zone=_zone(scene),
        state="gathering",
        created_at=scene.now,
        backup_named=str(scene.values.get("name2") or "") or None,
    )
    scene.session.add(circle)
    scene.session.flush()
    scene.session.add(
        Role(
            person_id=scene.person.id,
            kind="host",
            circle_id=circle.id,
            offered_at=scene.now,
            accepted_at=scene.now,
        )
    )
    scene.session.flush()
    record(scene.session, "create circle", scene.now, by=scene.person.id, circle_id=circle.id)
    if phone := str(scene.values.get("phone") or ""):
        backup, _address = person_at(scene.session, phone, scene.now)
        offer_role(scene, backup, "backup", circle)
    return Done("founded", circle=circle)


@action("yes", "no")
def has_backup_number(scene: Scene) -> Done:
    """Whether there is a line to forward to a backup, too."""
    return Done("yes" if scene.values.get("phone") else "no")


def _is_under_way(scene: Scene) -> bool:
    """Whether she is being asked about a circle of hers, in another conversation than this one."""
    rows = scene.session.execute(
        select(Conversation.flow, Conversation.callers)
        .join(Question, Question.conversation_id == Conversation.id)
        .where(
            Conversation.person_id == scene.person.id,
            Conversation.ended_at.is_(None),
            Question.state != "closed",
        )
    )
    return any(FLOW in (flow, *(caller[0] for caller in callers)) for flow, callers in rows)


def _gathering(scene: Scene) -> int:
    """How many circles she hosts that have not begun."""
    found = scene.session.scalar(
        select(func.count())
        .select_from(Role)
        .join(Circle, Circle.id == Role.circle_id)
        .where(
            Role.person_id == scene.person.id,
            Role.kind == "host",
            Role.accepted_at.is_not(None),
            Role.ended_at.is_(None),
            Circle.state == "gathering",
        )
    )
    return found or 0


def _tidy(said: str) -> str:
    """The name without the marks that people put around one."""
    return " ".join(said.split()).strip("\"'“”«»‘’.,;: ")


def _own_numbers(scene: Scene) -> set[str]:
    uris = scene.session.scalars(select(Address.uri).where(Address.person_id == scene.person.id))
    return {uri.partition(":")[2] for uri in uris}


def _zone(scene: Scene) -> str:
    """Hers, or where her number's area code may be."""
    uri = scene.session.get_one(Address, scene.address_id).uri
    return home(zone_of(scene.person.zone, None, uri)).key


def _free_code(scene: Scene, name: str) -> str:
    """A word to join by: the first of the name that can be one, with a number where others have it."""
    return next(
        code
        for code in _codes(name)
        if scene.session.scalar(select(Circle.id).where(Circle.code == code)) is None
    )


def _codes(name: str) -> Iterator[str]:
    words = [word.upper() for word in plain_words(to_gsm7(name))]
    base = next((word for word in (*words, "".join(words)[:LONGEST_CODE]) if _can_be_code(word)), NAMELESS)
    if base is not NAMELESS:
        yield base
    yield from (f"{base[: LONGEST_CODE - len(str(number))]}{number}" for number in count(2))


def _can_be_code(word: str) -> bool:
    """Whether people who text JOIN and this are understood; what has another meaning is no code."""
    fits = SHORTEST_CODE <= len(word) <= LONGEST_CODE and word.isascii() and word.isalnum()
    return fits and word not in RESERVED and word.lower() not in NOT_CODES
