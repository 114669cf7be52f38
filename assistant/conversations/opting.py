"""Puts a person's opt-in or opt-out on the ledger, with all that follows from it at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from sqlalchemy import update

from assistant.circles.actions.effects import Effect
from assistant.circles.membership.leaving import left
from assistant.circles.membership.lost_numbers import part_from_number
from assistant.circles.people import consent
from assistant.circles.people.reachability import addresses_of, hears_elsewhere
from assistant.circles.people.same_people import is_one_inbox
from assistant.conversations.turn_context import Context
from assistant.delivery.outbox import PURPOSE_RULES
from assistant.store.tables import Address, Inbox, Outbox

CONFIRMED_WITHIN = PURPOSE_RULES["legal"].lives or dt.timedelta()
"""From the moment the opt-out came in."""


def opt_out(context: Context, *, confirm: bool, everywhere: bool = True) -> tuple[Effect, ...]:
    """Put the person's opt-out on the ledger: nothing queued leaves, and nothing more is said to them.

    Args:
        confirm: Whether they hear so, in the one text that is allowed (47 CFR 64.1200(a)(12)): at once, or
            not at all, for by then they take it for one text more.
        everywhere: At all addresses of the person; else where they wrote from, by whatever name we know it.

    Returns:
        What their circles hear, for nobody shall wait for them.
    """
    progress, sender = context.progress, context.services.identity.sender
    for address in addresses_of(context.session, context.person.id):
        meant = everywhere or is_one_inbox(address.uri, context.address.uri)
        if address.id != context.address.id and meant and consent_at(context, address) != "out":
            refuse_texts(context, address)
    refuse_texts(context)
    if confirm:
        still = hears_elsewhere(context.session, context.person.id, sender)
        _confirm(context, "opted_out_here" if still else "opted_out")
    progress.quiet = progress.opted_out = True
    effects = left(context.session, context.person, sender, context.now)
    if progress.prefetched is not None:
        progress.prefetched.stale = True
    return effects


def part_from_strangers_number(context: Context, *, confirm: bool) -> tuple[Effect, ...]:
    """Stop every text to a number that is another person's, and let the member's seat forget it.

    Args:
        confirm: Whether the stranger hears so, once, without a name and without a word about any circle.

    Returns:
        What the member's hosts hear.
    """
    progress = context.progress
    refuse_texts(context)
    if confirm:
        _confirm(context, "wrong_number")
    progress.quiet = progress.opted_out = True
    sender, now = context.services.identity.sender, context.now
    effects = part_from_number(context.session, context.person, context.address, sender, now)
    if progress.prefetched is not None:
        progress.prefetched.stale = True
    return effects


def consent_at(context: Context, address: Address) -> consent.Kind | None:
    """Return what is in force at an address of the person for our sender."""
    return consent.consent_of(context.session, address.id, context.services.identity.sender)


def refuse_texts(context: Context, address: Address | None = None) -> None:
    """Put an opt-out on the ledger: from now on nothing queued leaves for this address.

    Args:
        address: Another of the person's than the one they wrote from.
    """
    address = address or context.address
    consent.refuse(
        context.session,
        address.id,
        context.services.identity.sender,
        wording=context.words,
        way="text",
        now=context.now,
        inbox_id=context.inbox.id if context.inbox else None,
    )
    context.progress.drafts = []
    context.session.execute(
        update(Outbox)
        .where(Outbox.address_id == address.id, Outbox.state == "queued")
        .values(state="cancelled", reason="opted out")
    )


def _confirm(context: Context, notice: str) -> None:
    """Say the one last text, if it still comes at once."""
    until = (context.inbox.received_at if context.inbox else context.now) + CONFIRMED_WITHIN
    if context.now < until:
        context.notice(notice, purpose="legal")
        context.progress.drafts = [replace(draft, expires_at=until) for draft in context.progress.drafts]


def opt_in(context: Context, text: Inbox) -> None:
    """Put an opt-in on the ledger, by this text of the person's own."""
    consent.agree(
        context.session,
        context.address.id,
        context.services.identity.sender,
        wording=context.words,
        way="text",
        now=context.now,
        inbox_id=text.id,
    )
    context.progress.quiet = context.progress.opted_out = False


def opt_in_unless_overtaken(context: Context) -> None:
    """Put an opt-in on the ledger, unless a newer opt-out is there.

    Raises:
        ValueError: time alone led here; only a text of their own can opt a person in.
    """
    text = context.inbox
    if text is None:
        raise ValueError("only a text of their own can opt a person in")
    newest = consent.in_force(context.session, context.address.id, context.services.identity.sender)
    # A STOP overtakes older texts, so that an older JOIN may be handled after it: it must not undo it.
    overtaken = newest is not None and newest.kind == "out" and (newest.inbox_id or 0) > text.id
    if not overtaken:
        opt_in(context, text)
