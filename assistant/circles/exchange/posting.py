"""Takes up an ask or an offer: shows its exact text first, and passes nothing on before its writer's yes."""

from __future__ import annotations

from typing import Any, Final, Literal

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import OWN, Effect, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.exchange.drafts import keep_draft
from assistant.circles.exchange.host_looks import ask_hosts, lookers
from assistant.circles.exchange.lifetimes import MOST_OPEN, until_of
from assistant.circles.exchange.listings import LONGEST_SHOWN, own_open
from assistant.circles.exchange.waves import begin_waves, end_unlooked
from assistant.circles.sharing.shares import is_in
from assistant.language.exchange.money_and_links import needs_look
from assistant.language.exchange.openings import LONGEST
from assistant.language.exchange.topics import topics_in
from assistant.language.phones.contacts import has_contact, without_contacts
from assistant.language.rendering import readable_date, readable_day
from assistant.schedule.local_time import home, zone_of
from assistant.store.tables import Circle, Listing

LEADS: Final = frozenset({"job_search", "office", "housing"})
"""Topics of leads, of which it is worth knowing how whoever passes them on knows of them."""


@action("ready", "lead", "empty", "long", "many", "not_yet")
def draft_ask(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Keep what the member asks for, to be shown to nobody else before a yes."""
    return _draft(ctx, "ask", text)


@action("ready", "lead", "empty", "long", "many", "not_yet")
def draft_offer(ctx: ActionContext, *, text: str = "") -> ActionResult:
    """Keep what the member offers; lead: of a job or a home it is worth knowing who says so."""
    return _draft(ctx, "offer", text)


@action("ready", "number", "gone")
def check_listing(ctx: ActionContext, *, listing: int = 0, number_ok: str = "") -> ActionResult:
    """Show the draft, word for word, unless a number or an address in it has to be asked about first.

    `shows` says how: with "look", a host looks at it first ("nobody": none can); with "long", it comes as a
    text of its own.
    """
    found = _draft_of(ctx, listing)
    if found is None:
        return ActionResult("gone")
    words = found.words or ""
    if has_contact(words, ctx.identity.country) and number_ok != "yes":
        return ActionResult("number")
    looked, long = needs_look(words), len(words) > LONGEST_SHOWN
    nobody = looked and not lookers(ctx, found)
    shows = ("look_long" if long else "look") if looked else "long" if long else "short"
    values = {"shows": "nobody" if nobody else shows}
    shown = Tell(
        ctx.person.id, "copy_words", {"words": words}, purpose="reply", verbatim=("words",), carries=OWN
    )
    return ActionResult("ready", values, (shown,) if long and not nobody else ())


@action("kept", "empty", "gone")
def take_number_out(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Leave out of the draft what could reach anyone."""
    found = _draft_of(ctx, listing)
    if found is None:
        return ActionResult("gone")
    rest = without_contacts(found.words or "", ctx.identity.country)
    if not any(sign.isalpha() for sign in rest):
        return ActionResult("empty")
    found.words = rest
    return ActionResult("kept")


@action("kept")
def keep_source(ctx: ActionContext, *, listing: int = 0, source: str = "") -> ActionResult:
    """Keep how the member knows of a lead."""
    found = _draft_of(ctx, listing)
    if found is not None and source in ("own", "told", "posted"):
        found.source = source
    return ActionResult("kept")


@action("changed", "same", "gone")
def change_draft(ctx: ActionContext, *, listing: int = 0, text: str = "") -> ActionResult:
    """Put other words in place of the draft's."""
    found, words = _draft_of(ctx, listing), " ".join(text.split())
    if found is None:
        return ActionResult("gone")
    if not any(sign.isalnum() for sign in words) or len(words) > LONGEST:
        return ActionResult("same", {"text": ""})
    found.words, found.inbox_id = words, ctx.inbox_id
    ctx.session.flush()
    return ActionResult("changed", {"text": "", "number_ok": ""})


@action("ask", "offer", "now")
def mean_listing(
    ctx: ActionContext,  # noqa: ARG001
    *,
    held: str = "",
    kind: Literal["ask", "offer", "now"] = "ask",
) -> ActionResult:
    """The held words were meant for the circle, and answer no question."""
    return ActionResult(kind, {"text": held, "held": ""})


@action("posted", "look", "nobody", "gone")
def post_named(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Ask the first few, under the member's name; look: a host sees it first."""
    return _post(ctx, listing, named=True)


@action("posted", "look", "nobody", "gone")
def post_unnamed(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Ask the first few, with no name on it."""
    return _post(ctx, listing, named=False)


@action("dropped")
def drop_draft(ctx: ActionContext, *, listing: int = 0) -> ActionResult:
    """Forget what was never said yes to."""
    found = _draft_of(ctx, listing)
    if found is not None:
        found.words, found.erased_at = None, ctx.now
        ctx.session.flush()
    return ActionResult("dropped", {"text": "", "listing": 0, "number_ok": ""})


def _draft(ctx: ActionContext, kind: str, text: str) -> ActionResult:
    member, words = ctx.member, " ".join(text.split())
    if member is None or not is_in(member) or member.state == "paused" or ctx.circle is None:
        return ActionResult("not_yet", {"text": ""})
    if not any(sign.isalnum() for sign in words):
        return ActionResult("empty", {"text": ""})
    if len(words) > LONGEST:
        return ActionResult("long", {"text": "", "length": str(len(words)), "longest": str(LONGEST)})
    open_now = [each for each in own_open(ctx.session, [member.id]) if each.kind in ("ask", "offer")]
    if len(open_now) >= MOST_OPEN:
        return ActionResult("many", {"text": ""})
    listing = keep_draft(ctx, member, kind, words, instead_of=("ask", "offer"))
    lead = kind == "offer" and bool(topics_in(words) & LEADS)
    return ActionResult("lead" if lead else "ready", {"text": "", "listing": listing.id, "number_ok": ""})


def _draft_of(ctx: ActionContext, listing_id: int) -> Listing | None:
    """Return the member's own draft, if it is still one."""
    found = ctx.session.get(Listing, listing_id)
    mine = found is not None and ctx.member is not None and found.member_id == ctx.member.id
    return found if found is not None and mine and found.state == "draft" and found.words else None


def _post(ctx: ActionContext, listing_id: int, *, named: bool) -> ActionResult:
    found = _draft_of(ctx, listing_id)
    if found is None or ctx.circle is None or not is_in(ctx.member):
        return ActionResult("gone")
    looked = needs_look(found.words or "")
    if looked and not lookers(ctx, found):
        drop_draft(ctx, listing=found.id)
        return ActionResult("nobody")
    found.named, found.posted_at = named, ctx.now
    found.until = until_of(found.words or "", ctx.person, ctx.circle, ctx.now, ctx.identity.country)
    effects: list[Effect] = []
    if looked:
        found.state = "look"
        effects += (*ask_hosts(ctx, found), *end_unlooked(ctx, found))
    else:
        effects += begin_waves(ctx, found)
    ctx.session.flush()
    return ActionResult("look" if looked else "posted", _until(ctx, found, ctx.circle), tuple(effects))


def _until(ctx: ActionContext, listing: Listing, circle: Circle) -> dict[str, Any]:
    """Return by when the member hears at the latest, as a day's name or a date."""
    assert listing.ends_at is not None
    day = listing.ends_at.astimezone(home(zone_of(ctx.person.zone, circle.zone))).date()
    language = language_of(ctx)
    said = shorten(readable_day(day, language), PLACEHOLDERS["day"].longest)
    return {"kind": listing.kind, "day": said, "date": readable_date(day, language)}
