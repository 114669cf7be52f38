"""Has the local carrier hold every template as everything starts: buttons show from the first text."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.delivery.templates import Planned
    from assistant.runtime import Runtime

AT_ONCE: Final = 200
"""What one request to the local carrier has room for."""


def hold_locally(opened: Runtime) -> int:
    """Push what is new of today's flows to the local carrier, by the hundred; return how much that was.

    Its reviews take their time as WhatsApp's do. A carrier that does not answer is left alone: whoever wants
    templates then has `circle templates push`.
    """
    from assistant.delivery.templates import changes, note_held, plan_of, take_up

    plan = plan_of(opened.book, opened.identity)
    new, gone = changes(opened.database, plan)
    if not new and not gone:
        return 0
    try:
        sids = _hold(opened.settings.twilio_api_url, new)
    except OSError:
        return 0
    now = opened.clock.now()
    take_up(opened.database, plan, now)
    held = {each.key: sids[each.name] for each in new if each.name in sids}
    note_held(opened.database, held, now)
    return len(held)


def _hold(url: str, new: Sequence[Planned]) -> dict[str, str]:
    sids: dict[str, str] = {}
    for start in range(0, len(new), AT_ONCE):
        body = {"templates": [_asked(each) for each in new[start : start + AT_ONCE]]}
        request = urllib.request.Request(  # noqa: S310 - our own carrier, on this machine
            f"{url.rstrip('/')}/_templates",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            sids |= json.load(answer)["sids"]
    return sids


def _asked(planned: Planned) -> dict[str, Any]:
    form = planned.form
    asked: dict[str, Any] = {
        "friendly_name": form.name,
        "language": form.language,
        "variables": dict(form.variables),
        "types": dict(form.types),
    }
    return asked if planned.kind == "shape" else {**asked, "category": "UTILITY"}
