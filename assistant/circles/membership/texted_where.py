"""TEXT ME HERE: at which of their addresses a member is texted; consent is given at each by itself."""

from __future__ import annotations

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import OptIn
from assistant.circles.actions.registry import action
from assistant.circles.people.consent import consent_of
from assistant.circles.people.reachability import addresses_of, best_of, consents_of
from assistant.circles.people.readdressing import readdress
from assistant.circles.people.same_people import channel_of
from assistant.store.tables import Address


@action("set", "ask")
def text_me_here(ctx: ActionContext) -> ActionResult:
    """Text the member at the address they write from; ask: they have not agreed to our texts there yet."""
    if consent_of(ctx.session, ctx.address_id, ctx.identity.sender) != "in":
        return ActionResult("ask")
    _prefer(ctx, ctx.address_id)
    return ActionResult("set")


@action("set")
def agree_to_texts_here(ctx: ActionContext) -> ActionResult:
    """The member agrees to our texts at the address they write from, and is texted there from now on."""
    _prefer(ctx, ctx.address_id)
    return ActionResult("set", effects=(OptIn(),))


@action("set", "here", "how")
def text_me_on_whatsapp(ctx: ActionContext) -> ActionResult:
    """Text the member in WhatsApp; here: they write from there; how: they have not agreed there yet."""
    return _text_by(ctx, "whatsapp")


@action("set", "here", "how")
def text_me_by_sms(ctx: ActionContext) -> ActionResult:
    """Text the member by SMS; here: they write from there; how: they have not agreed there yet."""
    return _text_by(ctx, "sms")


def _text_by(ctx: ActionContext, channel: str) -> ActionResult:
    found = addresses_of(ctx.session, ctx.person.id)
    here = next(address for address in found if address.id == ctx.address_id)
    if channel_of(here.uri) == channel:
        return ActionResult("here")
    kinds = consents_of(ctx.session, found, ctx.identity.sender)
    some = [each for each in found if channel_of(each.uri) == channel and kinds.get(each.id) == "in"]
    if not some:
        return ActionResult("how")
    _prefer(ctx, best_of(some, kinds).id)
    return ActionResult("set")


def _prefer(ctx: ActionContext, address_id: int) -> None:
    found = addresses_of(ctx.session, ctx.person.id)
    for address in found:
        address.preferred_at = ctx.now if address.id == address_id else None
    ctx.session.flush()
    if len(found) > 1:
        readdress(ctx.session, ctx.person.id, ctx.session.get_one(Address, address_id), ctx.now)
