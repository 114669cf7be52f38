"""Holds what people of a season asked of each other to its promises: one end, two yeses, two asks a week."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.at_hand.calling import ANSWERED_WITHIN as NOW_WITHIN
from assistant.circles.exchange.lifetimes import ANSWERED_WITHIN, MOST_ASKS_A_WEEK, OFFER_LASTS, WEEK
from assistant.simulation.invariants import Score
from assistant.simulation.text_checks import Passed, Watcher
from assistant.simulation.word_ledger import plain_text
from assistant.simulation.world import World
from assistant.store.tables import (
    Address,
    Alert,
    AlertStep,
    Answer,
    Approach,
    Conversation,
    Inbox,
    Introduced,
    Introduction,
    Listing,
    Member,
    Outbox,
    Question,
)

EXCHANGES: Final = frozenset(
    {
        "ask",
        "offer",
        "now",
        "post_listing",
        "introduce",
        "meet_one",
        "introduce_two",
        "be_introduced",
        "who_knows",
    }
)
"""Flows in which words are written for whoever is asked, or introduced."""
THANKED_IN: Final = ("ask_outcome", "introduction_outcome", "now_outcome")
ASKING: Final = ("can_you_help/", "be_introduced/")
"""Wordings of texts by which somebody is asked about something."""
LETS_KNOW: Final = (
    "notices/ask_found",
    "ask_match/linked/",
    "ask_end/",
    "ask_match/closed/",
)
"""Wordings of the text in which whoever asked hears how it ended."""
SAYS_IT_IS_OVER: Final = "ask_match/over/"
"""What whoever asked is told who says yes or no when it has ended: an answer, and no second telling."""
SAYS_WHO_IS_THERE: Final = ("now_found/", "now_truth/", "now/truth/", "now_cut/")
"""Wordings of the text in which whoever calls hears who is there, or that nobody is."""
NAMELESS: Final = ("ask_match/ask/", "be_introduced/", "introduction_end/none_other/", "can_you_help/plain/")
"""Wordings of texts that hold nobody's name: whoever they are about has not said yes, or never did."""
BY_SOMEONE: Final = re.compile(r"^(?:[^:]+: )?(\w+) (?:would like you to meet|quiere presentarte)")
"""Who introduces two says their own name; whoever has two circles reads first which one it is."""
MET: Final = "be_introduced/met/"
AWAY: Final = ("left", "declined", "paused", "unreachable")
_ID: Final = re.compile(r"\d+")


def check_exchange(world: World, score: Score, watcher: Watcher) -> None:
    """Check every ask, offer and introduction of a season, and every text about one."""
    with world.database.read() as session:
        names = _names(session, world)
        _check_ends(session, world, score, watcher, names)
        _check_names(session, score, watcher)
        _check_thirds(session, world, score)
        _check_unseen(session, score, names)


def _check_ends(
    session: Session, world: World, score: Score, watcher: Watcher, names: Mapping[int, str]
) -> None:
    now = world.clock.now()
    posted = session.scalars(select(Listing).where(Listing.posted_at.is_not(None))).all()
    for listing in (each for each in posted if each.kind == "now"):
        _check_now(session, score, watcher, listing, names[listing.member_id])
    for listing in (each for each in posted if each.kind in ("ask", "offer")):
        assert listing.posted_at is not None
        longest = ANSWERED_WITHIN if listing.kind == "ask" else OFFER_LASTS + dt.timedelta(days=1)
        due = listing.posted_at + longest
        ended = listing.ended_at is not None and listing.ended_at <= due
        what = f"{listing.kind} {listing.id} of {listing.posted_at:%b %d %H:%M}: {listing.outcome}"
        seen_to = _is_seen_to(session, listing, due)
        score.hold("asks", ended or due > now or seen_to, due, names[listing.member_id], what)
        if listing.kind == "ask" and listing.ended_at is not None:
            _check_told(session, score, watcher, listing, names[listing.member_id])
    for met in session.scalars(select(Introduction)).all():
        due = met.began_at + ANSWERED_WITHIN
        ended = met.ended_at is not None and met.ended_at <= due
        what = f"introduction {met.id} of {met.began_at:%b %d %H:%M}: {met.outcome}"
        score.hold("asks", ended or due > now, due, "", what)
        reached = [each for each in _sides(session, met) if each.reply == "yes"]
        both = met.outcome != "met" or len(reached) == len(_sides(session, met))
        score.hold("names", both, met.ended_at or now, "", f"{what}, with {len(reached)} yeses")


def _check_now(session: Session, score: Score, watcher: Watcher, listing: Listing, name: str) -> None:
    """Whether whoever calls has heard in time who is there or that nobody is; or has closed it, or left."""
    assert listing.posted_at is not None
    due = listing.posted_at + NOW_WITHIN
    heard = [
        text
        for text in watcher.passed
        # By the seat: whoever was forgotten since has no name left.
        if text.row is not None
        and text.row.member_id == listing.member_id
        and listing.posted_at <= text.at <= due
        and text.row.wording.startswith(SAYS_WHO_IS_THERE)
    ]
    own_end = listing.outcome in ("closed", "taken_back", "gone") and (listing.ended_at or due) <= due
    cared_for = _is_seen_to(session, listing, due)
    kept = bool(heard) or own_end or cared_for or name in watcher.stopped
    what = f"NOW of {listing.posted_at:%b %d %H:%M} ({listing.outcome}): nothing by {due:%H:%M}"
    score.hold("now", kept, due, name, what)


def _is_seen_to(session: Session, listing: Listing, due: dt.datetime) -> bool:
    """Whether its writer's safety was being talked about on the last day: then an ask can wait."""
    alerts = (
        select(AlertStep.id)
        .join(Alert, Alert.id == AlertStep.alert_id)
        .join(Member, Member.person_id == Alert.person_id)
        .where(Member.id == listing.member_id, AlertStep.at > due - dt.timedelta(days=1))
    )
    return session.scalar(alerts.limit(1)) is not None


def _check_told(session: Session, score: Score, watcher: Watcher, listing: Listing, name: str) -> None:
    """Whether whoever asked has heard once how it ended, if they can still be told."""
    assert listing.posted_at is not None
    conversations = {
        each.id: each.values.get("listing")
        for each in session.scalars(select(Conversation).where(Conversation.flow.like("ask%")))
    }
    rows: dict[int, Any] = {
        row.id: row for row in session.execute(select(Outbox.id, Outbox.conversation_id, Outbox.created_at))
    }
    told = [
        text
        for text in watcher.passed
        if text.name == name
        and text.row is not None
        and text.row.wording.startswith((*LETS_KNOW, SAYS_IT_IS_OVER))
        and _is_about(session, text, listing, conversations.get(rows[text.row.id].conversation_id))
    ]
    unasked = [
        text.body for text in told if text.row is None or not text.row.wording.startswith(SAYS_IT_IS_OVER)
    ]
    score.hold("asks", len(unasked) <= 1, listing.posted_at, name, lambda: f"told twice: {unasked}")
    seat = session.get_one(Member, listing.member_id)
    waits = listing.outcome in ("person", "no_one", "unanswered", "not_looked")
    if waits and seat.state not in AWAY and name not in watcher.stopped and listing.words is not None:
        known = told or _shared(session, listing)
        what = f"never heard what came of {listing.words!r}: {listing.outcome}"
        score.hold("asks", bool(known), listing.posted_at, name, what)


def _is_about(session: Session, text: Passed, listing: Listing, of_conversation: object) -> bool:
    if of_conversation is not None:
        return of_conversation == listing.id
    words = plain_text(listing.words or "")[:40]
    return bool(words) and words in plain_text(text.body) and not _says_another(session, text, listing)


def _says_another(session: Session, text: Passed, listing: Listing) -> bool:
    """Whether a text came of another's yes: two asks of one writer may begin with the same words."""
    linked = (
        select(Approach.listing_id)
        .join(Listing, Listing.id == Approach.listing_id)
        .where(Listing.member_id == listing.member_id, Approach.linked_at == text.row.created_at)
    )
    of = set(session.scalars(linked))
    return bool(of) and listing.id not in of


def _shared(session: Session, listing: Listing) -> bool:
    """Whether its writer's phone is a shared one, whose texts do not say what they are about."""
    notices = select(Outbox.id).join(Member, Member.person_id == Outbox.person_id)
    told = notices.where(Member.id == listing.member_id, Outbox.wording.like("notices/ask_found%"))
    return session.scalar(told.limit(1)) is not None


def _check_names(session: Session, score: Score, watcher: Watcher) -> None:
    """A text about somebody who has not said yes names nobody; an ask its writer, where they chose so."""
    carried = {
        row.id: row.carries
        for row in session.execute(
            select(Outbox.id, Outbox.carries).where(Outbox.wording.like("can_you_help/%"))
        )
    }
    for text in watcher.passed:
        wording = text.row.wording if text.row is not None else ""
        if wording.startswith(NAMELESS) and not wording.startswith(MET):
            by = BY_SOMEONE.match(text.body)
            shown = _named(watcher, text) - ({by[1]} if by else set())
            score.hold("names", not shown, text.at, text.name, f"names {', '.join(shown)}: {text.body!r}")
        elif wording.startswith("can_you_help/ask/") and (carries := carried.get(text.row.id)):
            number = _ID.search(carries)
            listing = session.get(Listing, int(number[0])) if number is not None else None
            if listing is not None and not listing.named:
                opening = text.body.partition(":")[0]
                shown = {each for each in watcher.names if re.search(rf"\b{each}\b", opening)} - {text.name}
                score.hold("names", not shown, text.at, text.name, f"was to be without a name: {text.body!r}")
    for approach in session.scalars(select(Approach).where(Approach.linked_at.is_not(None))).all():
        agreed = approach.reply in ("can", "knows")
        score.hold("names", agreed, approach.linked_at or approach.due_at, "", f"linked by {approach.reply}")


def _named(watcher: Watcher, text: Passed) -> set[str]:
    """Names in a text, of others; what its reader wrote and is shown is left out."""
    body = re.sub(r"'.*?'", "", text.body)
    return {each for each in watcher.names if re.search(rf"\b{each}\b", body)} - {text.name}


def _check_thirds(session: Session, world: World, score: Score) -> None:
    """By the texts that left: about how many things somebody was asked in any seven days."""
    asked: dict[int, dict[int, dt.datetime]] = defaultdict(dict)
    for person_id, conversation_id, at in session.execute(
        select(Outbox.person_id, Outbox.conversation_id, Outbox.sent_at)
        .where(
            Outbox.wording.like("can_you_help/%") | Outbox.wording.like("be_introduced/%"),
            Outbox.purpose == "prompt",
            Outbox.sent_at.is_not(None),
            Outbox.conversation_id.is_not(None),
        )
        .order_by(Outbox.id)
    ):
        if conversation_id is not None and at is not None:
            asked[person_id].setdefault(conversation_id, at)
    uris = dict(session.execute(select(Address.person_id, Address.uri)).all())
    for person_id, first in asked.items():
        moments = sorted(first.values())
        for at in moments:
            within = sum(at <= other < at + WEEK for other in moments)
            who = world.name(uris.get(person_id, "").partition(":")[2])
            score.hold(
                "thirds", within <= MOST_ASKS_A_WEEK, at, who, f"was asked about {within} things in a week"
            )


def _check_unseen(session: Session, score: Score, names: Mapping[int, str]) -> None:
    """What came of the very text that said no went to whoever said it, and to nobody else."""
    for text_id, member_id, person_id in _noes(session):
        others = session.scalars(
            select(Outbox.id).where(Outbox.inbox_id == text_id, Outbox.person_id != person_id)
        ).all()
        at = session.get_one(Inbox, text_id).received_at
        score.hold("unseen", not others, at, names[member_id], f"a no brought {len(others)} texts to others")


def _noes(session: Session) -> Iterator[tuple[int, int, int]]:
    """Yield the text, the seat and the person of every no to being asked."""
    rows = session.execute(
        select(Answer.inbox_id, Answer.member_id, Answer.person_id)
        .join(Question, Question.id == Answer.question_id)
        .where(
            Question.flow.in_(each.rstrip("/") for each in ASKING),
            Answer.outcome.in_(("no", "skip")),
            Answer.inbox_id.is_not(None),
        )
    )
    for inbox_id, member_id, person_id in rows.all():
        if inbox_id is not None and member_id is not None:
            yield inbox_id, member_id, person_id


def _sides(session: Session, introduction: Introduction) -> Sequence[Introduced]:
    return session.scalars(select(Introduced).where(Introduced.introduction_id == introduction.id)).all()


def _names(session: Session, world: World) -> dict[int, str]:
    """Return whose each seat is; "" for one whose holder is forgotten."""
    rows = session.execute(
        select(Member.id, Address.uri).outerjoin(Address, Address.person_id == Member.person_id)
    )
    return {
        member_id: "" if uri is None or uri.startswith("erased:") else world.name(uri.partition(":")[2])
        for member_id, uri in rows
    }
