"""Checks that the tools which are to hear from us do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.cli.doctor import Line
    from assistant.runtime import Runtime


def hooks(opened: Runtime) -> Iterator[Line]:
    """Say which hooks do not answer, since when, and what was given up; nothing where there are none."""
    from assistant.circles.tools.hook_targets import all_targets
    from assistant.cli.doctor import Line

    with opened.database.read() as session:
        standings = [each for each in all_targets(session) if each.target.ended_at is None]
    for each in standings:
        target = each.target
        lost = f"; {each.given_up} events given up" if each.given_up else ""
        if target.failing_since is not None:
            since = f"{target.failing_since:%Y-%m-%d %H:%M} UTC"
            said = f"{target.id} of {each.cohort} hears nothing since {since}: {target.trouble}"
            mend = f"mend it there; circle api hook test {target.id}, or circle api hook remove {target.id}"
            yield Line("hook", "warn", f"{said}; {each.waiting} events wait{lost}", mend)
        elif lost:
            yield Line("hook", "warn", f"{target.id} of {each.cohort} hears again{lost}", "")
    if standings and not any(each.target.failing_since or each.given_up for each in standings):
        yield Line("hooks", "ok", f"{len(standings)} hear what happens")
