"""FIGURES: tells a host the circle's figures by text, as reports have them: nothing about fewer than five."""

from __future__ import annotations

from typing import Final

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import Line, Lines
from assistant.circles.actions.registry import action
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.people.audit import record
from assistant.circles.reports.report import report_on

TOLD: Final = {
    "members": 1,
    "response": 100,
    "asks_posted": 1,
    "asks_answered": 100,
    "asks_helped": 100,
    "hours_to_yes": 1,
    "nows_posted": 1,
    "nows_answered": 100,
    "minutes_to_now": 1,
    "tied": 100,
    "belonging": 100,
}
"""The figures of a text, in their order -> by what each is multiplied to be said as a whole number."""
PERCENT: Final = 100


@action("shown", "few", "none")
def tell_figures(ctx: ActionContext) -> ActionResult:
    """Tell a host the figures of the circle that may be told; few: none may, of so few people."""
    circle = hosted(ctx)
    if circle is None:
        return ActionResult("none")
    report = report_on(ctx.session, circle, ctx.now)
    record(ctx.session, "report", ctx.now, by=ctx.person.id, circle_id=circle.id)
    lines = []
    for figure, times in TOLD.items():
        found = report.get(figure)
        if found is None:
            continue
        if found.value is not None:
            lines.append(Line(f"figure_{figure}", {"count": f"{found.value * times:.0f}"}))
        elif found.at_least is not None and times == PERCENT:
            lines.append(Line(f"figure_{figure}", {"count": f"{found.at_least * times:.0f}+"}))
    values = {"week": str(report.weeks)}
    if not lines:
        return ActionResult("few", values, circle=circle)
    head = Line("figures_of", {"circle": circle.name, **values})
    return ActionResult("shown", values, (Lines((head, *lines)),), circle=circle)
