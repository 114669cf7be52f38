"""ME: what is held about a person, said to that person alone: who, where, which circles, how many words."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Final

from sqlalchemy import func, select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines
from assistant.circles.actions.placeholders import language_of
from assistant.circles.actions.registry import action
from assistant.circles.at_hand.on_hand import windows_said
from assistant.circles.people.consent import in_force
from assistant.circles.people.namesakes import ENDONYMS
from assistant.circles.people.reachability import addresses_of
from assistant.circles.trust.own_words import own_words
from assistant.circles.trust.shown_addresses import ending_of, shown, told_apart
from assistant.language.languages import LANGUAGES
from assistant.language.rendering import readable_date, readable_time
from assistant.schedule.local_time import home, zone_of
from assistant.store.tables import Address, Applicant, Circle, Inbox, Media, Member, Role

ON_PAPER: Final = "import"


@action("told")
def tell_what_is_held(ctx: ActionContext) -> ActionResult:
    """Tell what is held about the person, a line for each kind of it; on a shared phone without details."""
    who = (
        _about_person(ctx),
        *_about_other_addresses(ctx),
        *_about_seats(ctx),
        *_about_waiting(ctx),
        *_about_on_hand(ctx),
        *_about_roles(ctx),
    )
    what = (_about_words(ctx), *_about_consent(ctx), Line("me_ways"))
    return ActionResult("told", effects=(Lines(who), Lines(what)))


def _about_person(ctx: ActionContext) -> Line:
    language = language_of(ctx)
    ending = ending_of(ctx.session.get_one(Address, ctx.address_id).uri)
    said = {
        "ending": ending or "",
        "language": ENDONYMS.get(language, language),
        "named": "yes" if ctx.person.name else "no",
        "hour": "known" if ctx.person.hour is not None else "unknown",
    }
    if ctx.person.hour is not None:
        said["time"] = readable_time(ctx.person.hour, 0, language)
    return Line("me_chat" if ending is None else "me_person", said)


def _about_other_addresses(ctx: ActionContext) -> Iterator[Line]:
    language = language_of(ctx)
    found = addresses_of(ctx.session, ctx.person.id)
    apart = told_apart([address.uri for address in found])
    for address in found:
        if address.id == ctx.address_id or address.uri not in apart:
            continue
        said = {"options": shown(address.uri, language)}
        standing = in_force(ctx.session, address.id, ctx.identity.sender)
        if standing is not None:
            said |= {"kind": standing.kind, "date": _day(ctx, standing.at)}
        yield Line("me_address", said)


def _about_seats(ctx: ActionContext) -> Iterator[Line]:
    labels = LANGUAGES[language_of(ctx)].labels
    rows = ctx.session.execute(
        select(Member, Circle)
        .join(Circle, Circle.id == Member.circle_id)
        .where(Member.person_id == ctx.person.id)
        .order_by(Member.id)
    )
    for member, circle in rows:
        if member.state in ("left", "declined"):
            yield Line("me_seat_left", {"circle": circle.name})
            continue
        chosen = ["with_name" if member.named else "without_name"]
        chosen += ["weekly_only"] if member.weekly_only else []
        chosen += [member.state] if member.state in ("paused", "reading") else []
        chosen += ["shared_phone"] if ctx.person.plain else []
        said = {"circle": circle.name, "options": ", ".join(labels[f"me_{each}"] for each in chosen)}
        if member.joined_at is not None:
            said["date"] = _day(ctx, member.joined_at)
        yield Line("me_seat", said)


def _about_waiting(ctx: ActionContext) -> Iterator[Line]:
    waiting = Applicant.person_id == ctx.person.id, Applicant.state == "waiting"
    for since in ctx.session.scalars(select(Applicant.state_at).where(*waiting).order_by(Applicant.id)):
        yield Line("me_waiting", {"date": _day(ctx, since)})


def _about_on_hand(ctx: ActionContext) -> Iterator[Line]:
    if said := windows_said(ctx):
        yield Line("me_on_hand", {"options": said})


def _about_roles(ctx: ActionContext) -> Iterator[Line]:
    rows = ctx.session.scalars(
        select(Circle)
        .join(Role, Role.circle_id == Circle.id)
        .where(Role.person_id == ctx.person.id, Role.kind != "organizer", Role.ended_at.is_(None))
        .order_by(Circle.id)
    )
    for circle in rows:
        yield Line("me_role", {"circle": circle.name})


def _about_words(ctx: ActionContext) -> Line:
    labels = LANGUAGES[language_of(ctx)].labels
    kinds = Counter(own.kind for own in own_words(ctx.session, ctx.person.id) if own.words)
    texts = ctx.session.scalar(
        select(func.count())
        .select_from(Inbox)
        .where(Inbox.person_id == ctx.person.id, Inbox.body.is_not(None))
    )
    counts = [f"{labels[f'count_{kind}']} {count}" for kind, count in sorted(kinds.items())]
    counts.append(f"{labels['count_text']} {texts or 0}")
    kept = select(func.count()).select_from(Media)
    media = ctx.session.scalar(kept.where(Media.person_id == ctx.person.id, Media.state == "kept"))
    counts += [f"{labels['count_media']} {media}"] if media else []
    return Line("me_words", {"options": ", ".join(counts)})


def _about_consent(ctx: ActionContext) -> Iterator[Line]:
    standing = in_force(ctx.session, ctx.address_id, ctx.identity.sender)
    if standing is not None:
        way = "paper" if standing.way == ON_PAPER else "text"
        yield Line("me_consent", {"date": _day(ctx, standing.at), "way": way, "kind": standing.kind})


def _day(ctx: ActionContext, at: dt.datetime) -> str:
    zone = home(zone_of(ctx.person.zone, ctx.circle.zone if ctx.circle else None))
    return readable_date(at.astimezone(zone).date(), language_of(ctx))
