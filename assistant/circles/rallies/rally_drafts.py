"""Takes up a rally: what happened, what would help, who may know; it goes nowhere before a yes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import OWN, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.exchange.drafts import keep_draft
from assistant.circles.exchange.listings import LONGEST_SHOWN
from assistant.circles.people.memberships import hosts_of
from assistant.circles.people.reachability import hears_us
from assistant.circles.rallies.who_may_know import buddies_to_tell, circle_to_tell, seats_called
from assistant.circles.sharing.shares import apart_from, is_in
from assistant.language.exchange.money_and_links import needs_look
from assistant.language.exchange.openings import LONGEST
from assistant.language.languages import LANGUAGES, spoken
from assistant.language.phones.contacts import has_contact
from assistant.store.tables import Listing, Member, Person
from assistant.store.tables.exchange_tables import AUDIENCES, NEEDS

RALLY: Final = "rally"


@action("ready", "empty", "long", "look", "going", "not_yet")
def draft_rally(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Keep what happened, to be shown to nobody before a yes.

    look: it asks for money or holds a link, which goes with ASK. going: one of the member's is going on.
    """
    member, words = ctx.member, " ".join(text.split())
    if member is None or not is_in(member) or member.state == "paused" or ctx.circle is None:
        return ActionResult("not_yet", {"text": ""})
    open_ones = select(Listing).where(
        Listing.kind == RALLY, Listing.member_id == member.id, Listing.state == "open"
    )
    before = ctx.session.scalars(open_ones).all()
    # After a joy nothing more comes, so that it stands in nobody's way.
    if any(each.need != "joy" and each.ends_at and each.ends_at > ctx.now for each in before):
        return ActionResult("going", {"text": ""})
    if not any(sign.isalnum() for sign in words):
        return ActionResult("empty", {"text": ""})
    if len(words) > LONGEST:
        return ActionResult("long", {"text": "", "length": str(len(words)), "longest": str(LONGEST)})
    if needs_look(words):
        return ActionResult("look", {"text": ""})
    listing = keep_draft(ctx, member, RALLY, words, named=True, instead_of=(RALLY,))
    return ActionResult("ready", {"text": "", "listing": listing.id, "number_ok": ""})


@action("kept", "gone")
def keep_need(ctx: ActionContext, *, listing: int = 0, need: str = "") -> ActionResult:
    """Keep what would help, and list who may know, as `audiences` and `options`."""
    found, member = draft_of(ctx, listing), ctx.member
    if found is None or member is None:
        return ActionResult("gone")
    found.need = need if need in NEEDS else "listen"
    ctx.session.flush()
    labels = LANGUAGES[spoken(language_of(ctx))].labels
    there = {
        "circle": bool(circle_to_tell(ctx, found)),
        "buddy": bool(buddies_to_tell(ctx, found)),
        "host": bool(hosts_to_tell(ctx, member)),
        "some": bool(circle_to_tell(ctx, found, chosen=True)),
    }
    choices = [(key, labels[f"audience_{key}"]) for key in there if there[key]]
    return ActionResult(
        "kept", {"joy": "yes" if found.need == "joy" else "no"} | list_choices("audiences", choices)
    )


@action("ready", "names", "gone")
def choose_audience(ctx: ActionContext, *, listing: int = 0, audience: str = "") -> ActionResult:
    """Keep who may know; names: they are still to be named."""
    found = draft_of(ctx, listing)
    if found is None or audience not in AUDIENCES:
        return ActionResult("gone")
    found.audience = audience
    ctx.session.flush()
    return ActionResult("names" if audience == "some" else "ready", {"chosen_seats": []})


@action("found", "nobody", "several", "gone")
def find_chosen(ctx: ActionContext, *, listing: int = 0, people: str = "") -> ActionResult:
    """Find who was named; several: more than one goes by a name, so that nobody can tell who is meant."""
    found = draft_of(ctx, listing)
    if found is None:
        return ActionResult("gone")
    seats, twins = seats_called(ctx, found, people)
    if twins:
        return ActionResult("several")
    if not seats:
        return ActionResult("nobody")
    names = [ctx.session.get_one(Person, each.person_id).name or "" for each in seats]
    joined = shorten(", ".join(names), PLACEHOLDERS["names"].longest)
    return ActionResult("found", {"chosen_seats": [each.id for each in seats], "names": joined})


@action("ready", "number", "gone")
def check_rally(ctx: ActionContext, *, listing: int = 0, number_ok: str = "") -> ActionResult:
    """Show the draft, word for word, with who would get it; a number in it has to be asked about first."""
    found = draft_of(ctx, listing)
    if found is None or found.audience is None:
        return ActionResult("gone")
    words = found.words or ""
    if has_contact(words, ctx.identity.country) and number_ok != "yes":
        return ActionResult("number")
    long = len(words) > LONGEST_SHOWN
    shown = Tell(
        ctx.person.id, "copy_words", {"words": words}, purpose="reply", verbatim=("words",), carries=OWN
    )
    labels = LANGUAGES[spoken(language_of(ctx))].labels
    values: dict[str, Any] = {
        "shows": f"{found.audience}_long" if long else found.audience,
        "said": labels[f"need_{found.need or 'listen'}"],
    }
    return ActionResult("ready", values, (shown,) if long else ())


def draft_of(ctx: ActionContext, listing_id: int) -> Listing | None:
    """Return the member's own rally, as long as nobody was told."""
    found = ctx.session.get(Listing, listing_id)
    mine = found is not None and ctx.member is not None and found.member_id == ctx.member.id
    kept = found is not None and found.kind == RALLY and found.state == "draft" and found.words
    return found if mine and kept else None


def hosts_to_tell(ctx: ActionContext, member: Member) -> Sequence[Person]:
    """Return the hosts who may be told by this member."""
    apart = apart_from(ctx.session, member.person_id)
    return [
        host
        for host in hosts_of(ctx.session, member.circle_id, ctx.now)
        if host.id != member.person_id
        and host.id not in apart
        and hears_us(ctx.session, host.id, ctx.identity.sender)
    ]
