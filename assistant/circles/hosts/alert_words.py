"""Carries words between whoever answers an alert and the person it is about, with numbers left out.

Whoever is paged writes with @, or simply replies to what came; the person it is about is told first who gets
what they write. On a shared phone words wait for READ, and after words of abuse none are put on any phone
(`safety.alert_way` decides). The words are kept as the texts that they are; from a page, as a host's note.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import OWN, Effect, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.actions.registry import action
from assistant.circles.buddies.groups import are_apart
from assistant.circles.hosts.reply_recipients import BUDDY, Recipient, find_recipients, recipient_of
from assistant.circles.people.memberships import seat_of
from assistant.circles.people.reachability import hears_us
from assistant.circles.sharing.host_words import NOTE
from assistant.language.phones.contacts import has_contact, without_contacts
from assistant.safety.alert_answers import (
    about_alert,
    take_over,
    tell_member,
    tell_who_is_here,
    tell_who_left,
)
from assistant.safety.alert_holding import LET_GO, PASSED, SENT, STOPPED, hands_of, let_go, note, open_about
from assistant.safety.alert_way import IN_HAND, way_to
from assistant.safety.danger_reader import read_danger
from assistant.store.tables import Alert, AlertStep, Inbox, Member, PendingAction, Person
from assistant.store.tables.operation_tables import URGENT

KEPT: Final = "kept "
"""With the id of a text: it came while its reader, on a shared phone, did not have it in hand."""


@action("one", "several", "none")
def find_reply_recipient(
    ctx: ActionContext, *, text: str = "", at_sign: bool = True, meant: int = 0
) -> ActionResult:
    """Find whom a host's words are for: someone an open alert is about, or who answered the host lately.

    several: `recipients` and `options` list them, a buddy among them where it may be meant. `meant` is the
    alert whose words they answer, if they do.
    """
    found, line = find_recipients(ctx, text, at_sign=at_sign)
    found = [each for each in found if each.alert and each.alert.id == meant] or found
    if not found or not line:
        return ActionResult("none", {"text": ""})
    said = shorten(line, PLACEHOLDERS["said"].longest)
    values: dict[str, Any] = {"text": "", "line": line, "said": said}
    if len(found) == 1:
        return ActionResult("one", {**values, "recipient": found[0].key, "who": found[0].name})
    choices = ((each.key, each.label) for each in found)
    return ActionResult("several", {**values, **list_choices("recipients", choices)})


@action("clean", "confirm", "number", "danger", "buddy", "none")
def check_reply(
    ctx: ActionContext, *, recipient: str = "", line: str = "", offered: bool = False, passed: str = ""
) -> ActionResult:
    """Say what is to be asked before a host's words go: nothing, or the first of several things.

    confirm: they were no answer to anything, so that they may be meant for someone else. number: a way to
    reach someone stands in them. danger: they may speak of the host. `passed` names what was settled already.
    """
    if recipient == BUDDY:
        return ActionResult("buddy", {"text": line, "line": ""})
    found = recipient_of(ctx, recipient)
    if found is None or not line:
        return ActionResult("none", {"line": ""})
    values = {"who": found.name}
    settled = passed.split()
    if offered and "confirm" not in settled:
        return ActionResult("confirm", {**values, "passed": f"{passed} confirm"})
    danger = read_danger(line, ctx.person.language)
    if danger.level == "sure" and "?" not in line and "danger" not in settled:
        return ActionResult("danger", {**values, "passed": f"{passed} danger", "danger": danger.kind})
    if has_contact(line, ctx.identity.country) and "number" not in settled:
        return ActionResult("number", {**values, "passed": f"{passed} number"})
    return ActionResult("clean", values)


@action("checked")
def leave_contacts_out(ctx: ActionContext, *, line: str = "") -> ActionResult:
    """Take out of the words what could reach anyone."""
    rest = without_contacts(line, ctx.identity.country)
    return ActionResult("checked", {"line": rest if any(sign.isalnum() for sign in rest) else ""})


@action("sent", "told", "waits", "unsafe", "stopped", "note", "none")
def send_reply(ctx: ActionContext, *, recipient: str = "", line: str = "") -> ActionResult:
    """Bring a host's words to the person, and put the alert about them into the host's hands.

    told: the person hears for the first time who gets what they write. waits: they read it with READ. unsafe,
    stopped: nothing was sent. note: no alert is open any more; it goes as a note, by day.
    """
    found = recipient_of(ctx, recipient)
    if found is None or not line:
        return ActionResult("none", {"line": ""})
    values = {"line": "", "who": found.name}
    if found.alert is None:
        return _send_as_note(ctx, found, line, values)
    alert, effects = found.alert, list(take_over(ctx, found.alert))
    way = way_to(ctx.session, alert, ctx.identity.sender, ctx.now)
    if are_apart(ctx.session, ctx.person, found.person):
        way = "stopped"
    if way in ("unsafe", "stopped"):
        return ActionResult(way, values, tuple(effects))
    note(ctx.session, alert, SENT, ctx.now, ctx.person.id)
    if way == "waits":
        return ActionResult("waits", values, (*effects, *_leave_note(ctx, found, line, "safety")))
    first = not hands_of(ctx.session, alert).told
    effects += tell_who_is_here(ctx, alert)
    effects.append(tell_member(alert, "from_paged", ctx.person.name, line, _written(ctx, found, line)))
    return ActionResult("told" if first else "sent", values, tuple(effects))


@action("meant")
def mean_own_danger(_ctx: ActionContext) -> ActionResult:
    """The words were about the host: nothing of them goes to anyone."""
    return ActionResult("meant", {"line": "", "text": ""})


@action("passed", "first", "number", "gone")
def pass_to_paged(ctx: ActionContext, *, line: str = "") -> ActionResult:
    """Bring a member's words to whoever has taken the alert about them, word for word, at any hour.

    first: nothing of theirs went there lately, so that they hear where it went. number: what could reach
    someone was left out, and they are asked about it.
    """
    sent = _told_alerts(ctx)
    if not sent or not line:
        return ActionResult("gone", {"line": ""})
    first = not any(_passed_lately(ctx, alert) for alert in sent)
    rest = without_contacts(line, ctx.identity.country)
    effects = tuple(effect for alert in sent for effect in _bring(ctx, alert, rest))
    values = _holder_name(ctx, sent[0])
    if rest != line:
        return ActionResult("number", values, effects)
    return ActionResult("first" if first else "passed", {**values, "line": ""}, effects)


@action("passed", "gone")
def pass_whole_to_paged(ctx: ActionContext, *, line: str = "") -> ActionResult:
    """Bring the words once more with what could reach someone in them: the member said yes."""
    sent = _told_alerts(ctx)
    if not sent or not line:
        return ActionResult("gone", {"line": ""})
    effects = tuple(effect for alert in sent for effect in _bring(ctx, alert, line))
    return ActionResult("passed", {**_holder_name(ctx, sent[0]), "line": ""}, effects)


def _told_alerts(ctx: ActionContext) -> list[Alert]:
    return [alert for alert in open_about(ctx.session, ctx.person.id) if hands_of(ctx.session, alert).told]


def _holder_name(ctx: ActionContext, alert: Alert) -> dict[str, str]:
    holder = ctx.session.get_one(Person, hands_of(ctx.session, alert).holder)
    return {"host": shorten(holder.name, PLACEHOLDERS["host"].longest)} if holder.name else {}


@action("given")
def give_kept_words(ctx: ActionContext) -> ActionResult:
    """Bring a host what came while their shared phone was not in hand, now that they ask with SHOW."""
    return ActionResult("given", effects=tuple(_kept_words(ctx)))


def _kept_words(ctx: ActionContext) -> Iterator[Effect]:
    kept = select(AlertStep, Alert).join(Alert, Alert.id == AlertStep.alert_id)
    kept = kept.where(AlertStep.person_id == ctx.person.id, AlertStep.what.startswith(KEPT))
    for step, alert in ctx.session.execute(kept.order_by(AlertStep.id)).all():
        text = ctx.session.get(Inbox, int(step.what.removeprefix(KEPT)))
        step.what = PASSED
        if text is not None and text.body and alert.closed_at is None:
            words = without_contacts(text.body, ctx.identity.country)
            yield _from_member(ctx, alert, ctx.person, words, text.id)


def end_by_opt_out(ctx: ActionContext) -> Iterator[Effect]:
    """Yield what follows for open alerts when a person opts out: the member looked after, or whoever looks.

    Nothing more goes to the member, and whoever looks after them hears so. Of a host, the next is paged.
    """
    for alert in open_about(ctx.session, ctx.person.id):
        reader = alert.answered_by
        note(ctx.session, alert, STOPPED, ctx.now, ctx.person.id)
        if reader is not None:
            names = {"who": about_alert(ctx, alert)["who"]}
            yield Tell(reader, "paged_stopped", names, purpose="alert", circle_id=alert.circle_id)
    looked_at = (Alert.answered_by == ctx.person.id, Alert.answered_at.is_not(None))
    urgent = (Alert.kind.in_(URGENT), Alert.closed_at.is_(None))
    for alert in ctx.session.scalars(select(Alert).where(*looked_at, *urgent).with_for_update()).all():
        yield from tell_who_left(ctx, alert, "paged_next")
        let_go(ctx.session, alert, ctx.person.id, LET_GO, ctx.now)


def _passed_lately(ctx: ActionContext, alert: Alert) -> bool:
    found = select(AlertStep.id).where(
        AlertStep.alert_id == alert.id, AlertStep.what == PASSED, AlertStep.at > ctx.now - IN_HAND
    )
    return ctx.session.scalar(found.limit(1)) is not None


def _bring(ctx: ActionContext, alert: Alert, words: str) -> Iterator[Effect]:
    holder_id = hands_of(ctx.session, alert).holder
    if holder_id is None or not hears_us(ctx.session, holder_id, ctx.identity.sender):
        return
    holder = ctx.session.get_one(Person, holder_id)
    in_hand = holder.heard_at is not None and holder.heard_at > ctx.now - IN_HAND
    if holder.plain and not in_hand and ctx.inbox_id is not None:
        note(ctx.session, alert, f"{KEPT}{ctx.inbox_id}", ctx.now, holder.id)
        yield Tell(holder.id, "alert_news", purpose="alert", circle_id=alert.circle_id)
        return
    note(ctx.session, alert, PASSED, ctx.now, holder.id)
    yield _from_member(ctx, alert, holder, words, ctx.inbox_id)


def _text(inbox_id: int | None) -> str:
    """Name the text that holds words which are kept nowhere else."""
    return f"text:{inbox_id}" if inbox_id is not None else OWN


def _from_member(ctx: ActionContext, alert: Alert, reader: Person, words: str, inbox_id: int | None) -> Tell:
    name = ctx.session.get_one(Person, alert.person_id).name
    placeholders = {"words": words, **({"writer": name} if name else {})}
    return Tell(
        reader.id,
        "from_member",
        placeholders,
        purpose="safety",
        circle_id=alert.circle_id,
        verbatim=("words",),
        carries=_text(inbox_id),
    )


def _send_as_note(ctx: ActionContext, found: Recipient, line: str, values: dict[str, str]) -> ActionResult:
    apart = are_apart(ctx.session, ctx.person, found.person)
    if apart or not hears_us(ctx.session, found.person.id, ctx.identity.sender):
        return ActionResult("stopped", values)
    return ActionResult("note", values, tuple(_leave_note(ctx, found, line, "relay")))


def _leave_note(ctx: ActionContext, found: Recipient, line: str, purpose: str) -> Iterator[Effect]:
    """Leave words as a host's note, which READ brings to a shared phone."""
    seat = found.member or _seat_of(ctx, found)
    if seat is None:
        return
    kept = _keep(ctx, seat, line, {"members": [seat.id]})
    placeholders = {"words": line}
    if ctx.person.name:
        placeholders["host"] = shorten(ctx.person.name, PLACEHOLDERS["host"].longest)
    yield Tell(
        found.person.id,
        "host_note",
        placeholders,
        purpose=purpose,
        circle_id=seat.circle_id,
        verbatim=("words",),
        carries=f"said:{kept.id}",
    )


def _keep(ctx: ActionContext, seat: Member, line: str, details: dict[str, Any]) -> PendingAction:
    kept = PendingAction(
        kind=NOTE,
        circle_id=seat.circle_id,
        by_person_id=ctx.person.id,
        member_id=seat.id,
        words=line,
        details=details,
        state="done",
        created_at=ctx.now,
        settled_at=ctx.now,
    )
    ctx.session.add(kept)
    ctx.session.flush()
    return kept


def _written(ctx: ActionContext, found: Recipient, line: str) -> str:
    """Name the row that holds a host's words: the text, or for words from a page a row of their own.

    It names no member for READ, since the words are on their way.
    """
    seat = None if ctx.inbox_id is not None else found.member or _seat_of(ctx, found)
    return _text(ctx.inbox_id) if seat is None else f"said:{_keep(ctx, seat, line, {}).id}"


def _seat_of(ctx: ActionContext, found: Recipient) -> Member | None:
    if found.alert is None or found.alert.circle_id is None:
        return None
    return seat_of(ctx.session, found.person.id, found.alert.circle_id)
