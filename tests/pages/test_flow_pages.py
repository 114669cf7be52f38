"""Flows to look at: for organizers and operators; counts for operators alone, and none that are small."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from assistant.circles.people.operators import add_operator
from assistant.circles.reports.flow_counts import ALL, standing_in
from assistant.engine.book import FlowBook
from assistant.engine.flow_model import END
from assistant.pages.flows.flow_diagram import lay_out
from assistant.settings.values import SegmentPrice
from assistant.store.tables import Conversation, FlowVersion
from tests.pages.site import Site

CIRCLE = """
circle MAPLE "Bold Moves" host luz
cohort "Spring" organizer mia
member luz MAPLE
member ana MAPLE
season MAPLE
... Monday 12:00
zoe: JOIN MAPLE
pia: JOIN MAPLE
sol: JOIN MAPLE
gil: JOIN MAPLE
hal: JOIN MAPLE
""".strip()


@pytest.fixture
def running(site: Site) -> Site:
    site.play(CIRCLE)
    with site.world.database.write() as session:
        add_operator(session, site.world.number("nora"), site.world.clock.now())
        source = {"steps": {"link": {"kind": "say", "say": {"en": {"full": "An older <b>word</b>"}}}}}
        session.add(FlowVersion(flow="page", version="before", source=source))
    return site


def standing(site: Site) -> tuple[str, str]:
    """The flow in which the five stand who are joining, and their step."""
    with site.world.database.read() as session:
        flow, step, count = session.execute(
            select(Conversation.flow, Conversation.step, func.count())
            .where(Conversation.ended_at.is_(None))
            .group_by(Conversation.flow, Conversation.step)
            .order_by(func.count().desc())
        ).all()[0]
    assert count == 5
    return flow, step


def test_organizers_see_flows_and_operators_counts_and_nobody_else_anything(running: Site) -> None:
    flow, _ = standing(running)
    mia, nora = running.signed_in("mia"), running.signed_in("nora")
    for visit in (mia, nora):
        assert f"/flows/{flow}" in visit.get("/flows").text
        assert "JOIN" in visit.get(f"/flows/{flow}").text
        assert visit.get("/flows/nothing").status_code == 404
    assert "5 here" in nora.get(f"/flows/{flow}").text
    assert "here</span>" not in mia.get(f"/flows/{flow}").text
    for who in ("luz", "ana"):
        visit = running.signed_in(who, "MY PAGE")
        assert visit.get("/flows").status_code == 404
        assert visit.get(f"/flows/{flow}").status_code == 404
    assert running.browser().get("/flows").status_code == 401


def test_small_counts_and_those_of_safety_talks_are_hidden(running: Site) -> None:
    flow, step = standing(running)
    with running.world.database.write() as session:
        one = session.scalars(select(Conversation).where(Conversation.step == step)).first()
        assert one is not None
        one.ended_at = running.world.clock.now()
    running.text("ana", "I want to kill myself")
    with running.world.database.read() as session:
        counted = standing_in(session, flow)
        assert counted[step].people is None
        assert counted[ALL].people is None
        assert standing_in(session, "danger") == {}
    nora = running.signed_in("nora")
    assert "here</span>" not in nora.get(f"/flows/{flow}").text
    assert "nobody is counted here" in nora.get("/flows/danger").text


def test_what_changed_since_a_stored_version_is_shown_as_plain_words(running: Site) -> None:
    nora = running.signed_in("nora")
    page = nora.get("/flows/page?since=before").text
    assert "An older &lt;b&gt;word&lt;/b&gt;" in page
    assert "give_page_link" in page
    assert nora.get("/flows/page?since=never").status_code == 404


def test_a_text_s_price_stands_beside_its_segments_where_it_is_known(running: Site) -> None:
    page = running.signed_in("nora").get("/flows/language").text
    assert "1 segment, paid as one text" in page
    assert "USD" not in page
    price = SegmentPrice(Decimal("0.0083"), "USD", "our contract", dt.date(2026, 11, 27))
    priced = Site(running.world, price).signed_in("mia").get("/flows/language").text
    assert "1 segment, paid as one text · 0.0083 USD" in priced
    assert "0.0083 USD a segment (our contract, 2026-11-27)" in priced


def test_every_flow_is_drawn_whole(book: FlowBook) -> None:
    for flow in book.flows.values():
        diagram = lay_out(flow)
        assert {box.step for box in diagram.boxes} == {*flow.steps, END}, flow.name
        spans = [(box.y, box.y + box.height) for box in diagram.boxes]
        assert all(before[1] < after[0] for before, after in pairwise(spans)), flow.name
        assert spans[-1][1] < diagram.height
        ways = {(step.name, to) for step in flow.steps.values() for to in step.go.values() if to != step.name}
        assert len(diagram.arrows) >= len(ways), flow.name
