"""Decides the way in which a text that may leave goes: as words, with buttons, as a template, or not yet.

Outside a chat's window (`assistant.channels.windows`) only an approved template goes: that of the text's own
wording, where there is one, or else the opener, which asks its reader to write. Then what waits is said.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog
from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from assistant.carriers.carrier import Content
from assistant.carriers.carrier_errors import TEMPLATE_GONE
from assistant.carriers.contents import APPROVED
from assistant.channels.payloads import TO_READ
from assistant.channels.shapes import shaped
from assistant.channels.showing import LONGEST_TITLE, Style, Tap, fitted, style_for
from assistant.channels.template_wording import fit
from assistant.channels.windows import opens_again
from assistant.delivery.outbox import Draft, put
from assistant.delivery.verdicts import OPENER, Due, Hold, window_is_open
from assistant.store.tables import Address, MessageTemplate

log = structlog.get_logger(__name__)

UTILITY: Final = "UTILITY"
UNITED_STATES: Final = "whatsapp:+1"
"""To these numbers WhatsApp brings no marketing (since 2025-04): what it takes for such never arrives."""
AGAIN: Final = dt.timedelta(days=7)
"""So long whoever did not write is not asked to once more."""
WITHOUT_OPENER: Final = dt.timedelta(hours=1)
"""So long between two looks whether an opener has been approved meanwhile."""
LONGEST_WAIT: Final = dt.timedelta(days=7)
NO_OPENER: Final = "no approved template to open with"
"""Why a text is held whose reader cannot even be asked to write; by it an approval lets it go."""
WAITS: Final = "waits for a word from its reader"
"""Why a text is held whose reader was asked to write; by it their text lets it go."""


@dataclass(slots=True)
class Ways:
    """How each of some texts goes."""

    going: list[Due] = field(default_factory=list)
    held: list[tuple[Due, Hold]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Held:
    """What the carrier holds that may be used now."""

    shapes: Mapping[str, str]
    """name -> id."""
    texts: Mapping[str, Sequence[MessageTemplate]]
    """wording -> templates, one a language and variant."""
    openers: Mapping[str, MessageTemplate]
    """language -> what asks its reader to write."""


def ways_of(session: Session, texts: Sequence[Due], now: dt.datetime) -> Ways:
    """Return how these texts go, with what goes in place of their words; and ask whoever has to write first.

    Args:
        session: A session inside `Database.write()`.
        texts: What nothing else keeps from leaving, one an address.
        now: Aware UTC, the service's time.
    """
    closed = {text.id for text in texts if not window_is_open(text, now)}
    rich = {
        text.id for text in texts if text.id not in closed and not text.along and _style(text) is not None
    }
    if not closed and not rich:
        return Ways(list(texts))
    wordings = [text.wording for text in texts if text.id in closed]
    held = _read(session, wordings, shapes=bool(rich), opening=bool(closed))
    ways = Ways()
    openers: list[Due] = []
    for text in texts:
        if text.id in rich:
            ways.going.append(replace(text, content=_with_buttons(text, held.shapes)))
        elif text.id not in closed:
            ways.going.append(text)
        elif (content := _as_template(text, held)) is not None:
            ways.going.append(replace(text, content=content))
        else:
            ways.held.append((text, _wait(text, held, openers, now)))
    _open(session, openers, held, now)
    return ways


def _read(session: Session, wordings: Iterable[str | None], *, shapes: bool, opening: bool) -> _Held:
    """Read what the carrier holds that may be used for texts of these wordings, in one statement."""
    which: list[ColumnElement[bool]] = [MessageTemplate.kind == "shape"] if shapes else []
    if opening:
        named = sorted({wording for wording in wordings if wording})
        says = or_(MessageTemplate.wording.in_(named), MessageTemplate.kind == "opener")
        which.append(and_(MessageTemplate.status == APPROVED, says))
    rows = session.scalars(
        select(MessageTemplate)
        .where(MessageTemplate.content_id.is_not(None), or_(*which))
        .order_by(MessageTemplate.wanted.desc(), MessageTemplate.id.desc())
    ).all()
    texts: dict[str, list[MessageTemplate]] = defaultdict(list)
    openers: dict[str, MessageTemplate] = {}
    for row in rows:
        if row.kind == "text":
            texts[row.wording or ""].append(row)
        elif row.kind == "opener":
            openers.setdefault(row.language or "", row)
    return _Held({row.key: row.content_id or "" for row in rows if row.kind == "shape"}, texts, openers)


def _taps(text: Due) -> list[Tap]:
    """Return what can be tapped; what brings nothing back is the name of the list."""
    return [Tap(payload, title) for payload, title in text.taps or () if payload]


def _style(text: Due) -> Style | None:
    return style_for(text.uri, text.channel, len(_taps(text)))


def _with_buttons(text: Due, shapes: Mapping[str, str]) -> Content | None:
    """Return the words with their buttons; None where they go as words: typing is understood as well."""
    taps, style = _taps(text), _style(text)
    if style is None or text.body is None or text.error_code in TEMPLATE_GONE:
        return None
    choose = next((title for payload, title in text.taps or () if not payload), "1, 2, 3")
    made = shaped(style, text.body, taps, choose)
    sid = shapes.get(made[0].name) if made is not None else None
    return Content(sid, made[1]) if made is not None and sid else None


def _as_template(text: Due, held: _Held) -> Content | None:
    if text.error_code in TEMPLATE_GONE or text.body is None or text.along:
        return None  # No template brings a picture: that waits until its reader has written.
    opens = text.wording == OPENER
    for template in held.openers.values() if opens else held.texts.get(text.wording or "", ()):
        if not _usable(template, text.uri):
            continue
        values = fit(template.body or "", f"{template.lead}{text.body}{template.tail}")
        payloads = _payloads(template, text)
        if values is not None and payloads is not None:
            first = len(values) + 1
            values |= {str(number): payload for number, payload in enumerate(payloads, first)}
            return Content(template.content_id or "", values)
    return None


def _payloads(template: MessageTemplate, text: Due) -> list[str] | None:
    """Return what a template's buttons bring back; None: they are not those of this text."""
    if not template.titles:
        return []
    taps = fitted(_taps(text), LONGEST_TITLE[Style.QUICK_REPLY])
    return [tap.payload for tap in taps] if [tap.title for tap in taps] == list(template.titles) else None


def _usable(template: MessageTemplate, uri: str) -> bool:
    if template.category in (None, "", UTILITY):
        return True
    # One that WhatsApp has made marketing of serves only to open, and never where it would not arrive.
    return template.kind == "opener" and not uri.startswith(UNITED_STATES)


def _wait(text: Due, held: _Held, openers: list[Due], now: dt.datetime) -> Hold:
    if text.wording == OPENER or not any(_usable(each, text.uri) for each in held.openers.values()):
        log.error("no approved template to open a conversation with", outbox=text.id)
        return Hold(now + WITHOUT_OPENER, NO_OPENER)
    if opens_again(text.opened_at, text.heard_at, now, AGAIN):
        openers.append(text)
    return Hold(text.expires_at or now + LONGEST_WAIT, WAITS)


def _open(session: Session, texts: Sequence[Due], held: _Held, now: dt.datetime) -> None:
    """Ask the readers of these texts to write."""
    for text in texts:
        usable = {language: each for language, each in held.openers.items() if _usable(each, text.uri)}
        opener = usable.get(text.language or "") or next(iter(usable.values()))
        draft = Draft(
            person_id=text.person_id,
            address_id=text.address_id,
            uri=text.uri,
            body=opener.body or "",
            # Words of others wait for it, and are none themselves: it counts among the texts of the week.
            purpose="notice" if text.purpose == "relay" else text.purpose,
            circle_id=text.circle_id,
            member_id=text.member_id,
            wording=OPENER,
            expires_at=text.expires_at,
            taps=tuple(Tap(TO_READ, title) for title in opener.titles),
        )
        put(session, [draft], text.sender, now)
    if texts:
        session.execute(
            update(Address).where(Address.id.in_([text.address_id for text in texts])).values(opened_at=now),
            execution_options={"synchronize_session": False},
        )
