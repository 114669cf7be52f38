"""Lets whoever is on call answer alerts: SHOW says who it is; one takes it, and a plain DONE closes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, select

from assistant.circles.actions.choices import list_choices
from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Effect, Tell
from assistant.circles.actions.placeholders import PLACEHOLDERS, language_of, name_of, shorten
from assistant.circles.actions.registry import action
from assistant.circles.people.audit import record
from assistant.safety.alert_holding import (
    NEXT,
    TOLD,
    hands_of,
    let_go,
    look_at,
    note,
    take,
    was_shown,
)
from assistant.safety.alert_way import way_to
from assistant.safety.call_wishes import can_ring_both
from assistant.safety.on_call import LEVELS, circles_answered_for, on_level
from assistant.store.tables import Alert, AlertStep, Answer, Circle, Person
from assistant.store.tables.operation_tables import URGENT


@action("one", "several", "none")
def show_alerts(ctx: ActionContext) -> ActionResult:
    """Show who may need help, in the circles the host answers for and no others; from here on it is answered.

    several: `alerts` and `options` list them.
    """
    alerts = _open_alerts(ctx)
    for alert in alerts:
        _answer(ctx, alert)
    if not alerts:
        return ActionResult("none")
    if len(alerts) == 1:
        return ActionResult("one", about_alert(ctx, alerts[0]))
    return ActionResult("several", list_alerts(ctx, alerts))


@action("one", "none")
def take_alert(ctx: ActionContext, *, alert: int = 0) -> ActionResult:
    """The one of several that was chosen (`alert`)."""
    chosen = chosen_alert(ctx, alert)
    return ActionResult("none") if chosen is None else ActionResult("one", about_alert(ctx, chosen))


@action("taken", "none")
def hold_alert(ctx: ActionContext, *, alert: int = 0) -> ActionResult:
    """Put the alert into the host's hands: pages rest for a while; the member is told, if that may be.

    `told` says whether the member knows who gets what they write now, and may be talked with by phone.
    """
    chosen = chosen_alert(ctx, alert)
    if chosen is None:
        return ActionResult("none")
    effects = (*take_over(ctx, chosen), *tell_who_is_here(ctx, chosen))
    told = "yes" if hands_of(ctx.session, chosen).told else "no"
    if told == "yes" and _may_ring(ctx, chosen):
        told = "talks"
    return ActionResult("taken", {**about_alert(ctx, chosen), "told": told}, effects)


@action("kept")
def keep_in_hand(ctx: ActionContext) -> ActionResult:
    """The host says that they are on it, without closing anything: pages rest for a while."""
    shown = alerts_shown(ctx)
    return ActionResult("kept", effects=tuple(take_over(ctx, shown[0])) if len(shown) == 1 else ())


@action("one", "several", "held", "not_shown", "none")
def find_to_close(ctx: ActionContext) -> ActionResult:
    """Find what a plain DONE closes: what the host looked at or took, and nobody else holds.

    held: another holds it; `other_name` is who. not_shown: the host was paged, and has not looked.
    """
    alerts = [alert for alert in _open_alerts(ctx) if was_shown(ctx.session, alert, ctx.person.id)]
    if not alerts:
        return ActionResult("not_shown" if is_needed(ctx) else "none")
    mine = [alert for alert in alerts if hands_of(ctx.session, alert).holder in (None, ctx.person.id)]
    if not mine:
        holder = ctx.session.get_one(Person, hands_of(ctx.session, alerts[0]).holder)
        return ActionResult(
            "held", {**about_alert(ctx, alerts[0]), "backup": name_of(holder, language_of(ctx))}
        )
    if len(mine) == 1:
        return ActionResult("one", about_alert(ctx, mine[0]))
    return ActionResult("several", list_alerts(ctx, mine))


@action("closed", "more", "held", "not_shown")
def close_alert(ctx: ActionContext, *, alert: int = 0) -> ActionResult:
    """The host says that the person is all right; more: someone else still needs whoever is on call.

    held, not_shown: as of `find_to_close`; nothing is closed.
    """
    chosen, effects = chosen_alert(ctx, alert), []
    if chosen is not None:
        if not was_shown(ctx.session, chosen, ctx.person.id):
            return ActionResult("not_shown")
        holder = hands_of(ctx.session, chosen).holder
        if holder not in (None, ctx.person.id):
            name = name_of(ctx.session.get_one(Person, holder), language_of(ctx))
            return ActionResult("held", {**about_alert(ctx, chosen), "backup": name})
        effects = list(tell_who_left(ctx, chosen, "paged_over"))
        chosen.closed_at, chosen.next_page_at = ctx.now, None
        note(ctx.session, chosen, "reached", ctx.now, ctx.person.id)
    values = {"who": about_alert(ctx, chosen)["who"]} if chosen is not None else {}
    return ActionResult("more" if _open_alerts(ctx) else "closed", values, tuple(effects))


@action("one", "several", "none")
def find_to_pass_on(ctx: ActionContext, *, alert: int = 0) -> ActionResult:
    """Find for whom the next is to be paged: whom the host chose before, or was shown."""
    alerts = alerts_shown(ctx)
    chosen = [each for each in alerts if each.id == alert] or alerts
    if not chosen:
        return ActionResult("none")
    if len(chosen) == 1:
        return ActionResult("one", about_alert(ctx, chosen[0]))
    return ActionResult("several", list_alerts(ctx, chosen))


@action("called", "nobody")
def call_backup(ctx: ActionContext, *, alert: int = 0) -> ActionResult:
    """Page whoever comes next, at once; `backup` is who. nobody: there is nobody else on call."""
    chosen = chosen_alert(ctx, alert)
    following = _following(ctx, chosen) if chosen is not None else []
    if chosen is None or not following:
        return ActionResult("nobody")
    effects = tuple(tell_who_left(ctx, chosen, "paged_next"))
    let_go(ctx.session, chosen, ctx.person.id, NEXT, ctx.now)
    name = next((person.name for person in following if person.name), None)
    placeholders = {"backup": shorten(name, PLACEHOLDERS["backup"].longest)} if name else {}
    return ActionResult("called", placeholders, effects)


def is_needed(ctx: ActionContext) -> bool:
    """Return whether someone needs this person: an urgent alert is open that is theirs to answer."""
    return ctx.session.scalars(_theirs(ctx).limit(1)).first() is not None


def is_holding(ctx: ActionContext) -> bool:
    """Return whether an open alert is in this person's hands."""
    return any(hands_of(ctx.session, alert).holder == ctx.person.id for alert in _open_alerts(ctx))


def alerts_to_answer(ctx: ActionContext) -> Sequence[Alert]:
    """Return the open alerts that this person may look at, the oldest first."""
    return _open_alerts(ctx)


def alerts_shown(ctx: ActionContext) -> list[Alert]:
    """Return the open alerts of which this person knows whom they are about, the oldest first."""
    return [alert for alert in _open_alerts(ctx) if was_shown(ctx.session, alert, ctx.person.id)]


def take_over(ctx: ActionContext, alert: Alert) -> Iterator[Effect]:
    """Put an alert into the person's hands; whoever held it until now hears so."""
    if not was_shown(ctx.session, alert, ctx.person.id):
        _answer(ctx, alert)
    before = take(ctx.session, alert, ctx.person.id, ctx.now)
    if before is not None:
        about = about_alert(ctx, alert)
        names = {"who": about["who"], **({"backup": ctx.person.name} if ctx.person.name else {})}
        yield Tell(before, "alert_taken_over", names, purpose="alert", circle_id=alert.circle_id)


def tell_who_is_here(ctx: ActionContext, alert: Alert) -> Iterator[Effect]:
    """Tell the person it is about who gets what they write from now on, once, where that may be said."""
    hands = hands_of(ctx.session, alert)
    assert alert.person_id is not None
    if hands.holder is None or hands.told:
        return
    if way_to(ctx.session, alert, ctx.identity.sender, ctx.now) != "open":
        return
    note(ctx.session, alert, TOLD, ctx.now, hands.holder)
    name = ctx.session.get_one(Person, hands.holder).name
    yield tell_member(alert, "paged_here_talks" if _may_ring(ctx, alert) else "paged_here", name)


def _may_ring(ctx: ActionContext, alert: Alert) -> bool:
    """Whether who holds an alert and the person it is about may talk on the phone, too."""
    holder = hands_of(ctx.session, alert).holder
    if not ctx.identity.talks or holder is None or alert.person_id is None:
        return False
    return can_ring_both(ctx.session, holder, alert.person_id)


def tell_who_left(ctx: ActionContext, alert: Alert, notice: str) -> Iterator[Effect]:
    """Tell the person it is about that this host gets what they write no more, if they were told of it."""
    hands = hands_of(ctx.session, alert)
    if hands.holder != ctx.person.id or not hands.told:
        return
    if way_to(ctx.session, alert, ctx.identity.sender, ctx.now) == "open":
        yield tell_member(alert, notice, ctx.person.name)


def tell_member(
    alert: Alert, notice: str, host: str | None, words: str | None = None, carries: str | None = None
) -> Tell:
    """Return a notice to the person an alert is about, at any hour; `words` arrive to the letter.

    Args:
        carries: The row that holds `words`.
    """
    assert alert.person_id is not None
    placeholders = {} if words is None else {"words": words}
    if host:
        placeholders["host"] = shorten(host, PLACEHOLDERS["host"].longest)
    return Tell(
        alert.person_id,
        notice,
        placeholders,
        purpose="safety",
        circle_id=alert.circle_id,
        verbatim=("words",) if words is not None else (),
        carries=carries,
    )


def list_alerts(ctx: ActionContext, alerts: Sequence[Alert]) -> dict[str, Any]:
    """Return the values by which a host is asked which of several alerts is meant, as `alerts`."""
    labels = [f"{about['who']} ({about['circle']})" for about in (about_alert(ctx, each) for each in alerts)]
    return list_choices("alerts", ((each.id, label) for each, label in zip(alerts, labels, strict=True)))


def _open_alerts(ctx: ActionContext) -> Sequence[Alert]:
    return ctx.session.scalars(_theirs(ctx).with_for_update()).all()


def _theirs(ctx: ActionContext) -> Select[Alert]:
    """Oldest first. One's own is someone else's to answer."""
    return (
        select(Alert)
        .where(
            Alert.kind.in_(URGENT),
            Alert.closed_at.is_(None),
            Alert.circle_id.in_(circles_answered_for(ctx.session, ctx.person.id)),
            Alert.person_id != ctx.person.id,
        )
        .order_by(Alert.id)
    )


def chosen_alert(ctx: ActionContext, alert_id: int) -> Alert | None:
    """Return an open alert that is this person's to answer."""
    return next((alert for alert in _open_alerts(ctx) if alert.id == alert_id), None)


def _answer(ctx: ActionContext, alert: Alert) -> None:
    look_at(ctx.session, alert, ctx.person.id, ctx.now)
    record(ctx.session, "alert shown", ctx.now, by=ctx.person.id, circle_id=alert.circle_id, alert=alert.id)


def about_alert(ctx: ActionContext, alert: Alert) -> dict[str, Any]:
    """Return who it is, where, how words get there, and the answer to "are you safe?", if it is known."""
    person = ctx.session.get_one(Person, alert.person_id)
    circle = ctx.session.get_one(Circle, alert.circle_id)
    safe = ctx.session.scalars(
        select(Answer.outcome)
        .where(
            Answer.person_id == person.id,
            Answer.key == "safe",
            Answer.visible_to == "host",
            Answer.at >= alert.opened_at,
        )
        .order_by(Answer.id.desc())
        .limit(1)
    ).first()
    known = alert.kind == "danger" and safe in ("yes", "no", "unsure")
    return {
        "alert": str(alert.id),
        "kind": alert.kind,
        "safe": safe if known else "",
        "who": shorten(
            person.name or PLACEHOLDERS["other_name"].plain[language_of(ctx)], PLACEHOLDERS["who"].longest
        ),
        "circle": circle.name,
        "way": way_to(ctx.session, alert, ctx.identity.sender, ctx.now),
    }


def _following(ctx: ActionContext, alert: Alert) -> list[Person]:
    """Return who is paged next: the first level that was not, else everyone but the one who asks."""
    taken = set(ctx.session.scalars(select(AlertStep.what).where(AlertStep.alert_id == alert.id)))
    everyone: list[Person] = []
    for level in LEVELS:
        people = [
            person
            for person in on_level(
                ctx.session, alert.circle_id or 0, level, alert.person_id, ctx.identity.sender, ctx.now
            )
            if person.id != ctx.person.id
        ]
        if people and not taken & {f"{level} paged", f"no {level}"}:
            return people
        everyone += people
    return everyone
