"""The name of someone who was forgotten is nowhere in what others were told, nor on what they could tap."""

from __future__ import annotations

import datetime as dt

from assistant.circles.trust.traces import forget_told
from assistant.store.tables import Outbox
from tests.circles.town import Town

TAPS = [["ask:1:buddy", "Ana, Rosa"], ["ask:1:host", "Luz"]]


def test_a_name_goes_from_what_can_be_tapped_too(town: Town) -> None:
    ana, rosa, circle = town.person("Ana"), town.person("Rosa"), town.circle()
    town.seat(ana, circle)
    town.seat(rosa, circle)

    def text(state: str, not_before: dt.datetime) -> Outbox:
        row = Outbox(
            person_id=rosa.id,
            circle_id=circle.id,
            address_id=rosa.id,
            to_uri="whatsapp:+15125550002",
            sender="MG1",
            body="Let's not get stuck here.",
            segments=1,
            purpose="reply",
            priority=1,
            wording="notices/way_out",
            created_at=town.now,
            not_before=not_before,
            state=state,
            taps=TAPS,
        )
        town.session.add(row)
        town.session.flush()
        return row

    by = town.now + dt.timedelta(hours=1)
    came, soon = text("done", town.now), text("queued", town.now)
    waits = text("queued", town.now + dt.timedelta(hours=9))
    assert forget_told(town.session, ana.id, ["ana"], town.now, by), "one still leaves within the hour"
    assert (came.body, came.taps) == ("Let's not get stuck here.", None)
    assert soon.taps == TAPS
    assert waits.taps is not None
    assert "Ana" not in str(waits.taps)
