"""A flow played in the browser: by those who may see flows, as on a phone, and nothing of it is kept."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import func, select

from assistant.circles.people.operators import add_operator
from assistant.pages.flows.flow_play import MOST_PLAYS, Plays, line_of
from assistant.simulation.flow_playing import FlowPlay
from assistant.store.tables import Base
from tests.pages.site import Site, Visit

CIRCLE = """
circle MAPLE "Bold Moves" host luz
cohort "Spring" organizer mia
member luz MAPLE
member ana MAPLE
""".strip()
SAID = re.compile(r'name="said" value="([^"]+)"')


@pytest.fixture
def running(site: Site) -> Site:
    site.play(CIRCLE)
    with site.world.database.write() as session:
        add_operator(session, site.world.number("nora"), site.world.clock.now())
    return site


def begin(visit: Visit, flow: str, **form: str) -> str:
    visit.get(f"/flows/{flow}/play")
    return visit.post(f"/flows/{flow}/play", {"language": "en", **form}).text


def texted(visit: Visit, flow: str, page: str, **form: str) -> str:
    found = SAID.search(page)
    assert found is not None
    return html.unescape(visit.post(f"/flows/{flow}/play", {"said": found[1], **form}).text)


def rows(site: Site) -> dict[str, int]:
    with site.world.database.read() as session:
        return {
            each.name: session.scalar(select(func.count()).select_from(each)) or 0
            for each in Base.metadata.sorted_tables
        }


def test_a_flow_is_played_as_on_a_phone_and_nothing_of_it_is_kept(running: Site) -> None:
    mia = running.signed_in("mia")
    before, heard = rows(running), len(running.world.heard)
    page = begin(mia, "less")
    assert "Fewer texts? 1 only the weekly question" in page
    assert 'value="Just reading"' in page
    page = texted(mia, "less", page, line="the purple one")
    assert "A number is plenty" in page
    assert 'class="here"' in page
    assert "at the step ask of less" in page
    page = texted(mia, "less", page, line="Just reading")
    assert "the purple one" in page
    assert "Nothing is being asked" in page
    page = texted(mia, "less", page, passes="1 week")
    assert "Monday" in page
    assert (rows(running), len(running.world.heard)) == (before, heard)


def test_it_is_played_in_the_language_and_on_the_phone_that_were_chosen(running: Site) -> None:
    mia = running.signed_in("mia")
    page = html.unescape(begin(mia, "join", language="es"))
    assert "Circle: Ya estas en Maple" in page
    assert "at the step name of onboarding" in page
    assert "Circle, to Luz's phone" in html.unescape(begin(mia, "person"))
    assert "Your circle will just see" not in begin(mia, "pause", plain="yes")
    assert "Your circle will just see" in begin(mia, "pause")


def test_a_world_that_was_let_go_is_made_anew_from_the_words(running: Site) -> None:
    mia = running.signed_in("mia")
    first = begin(mia, "rename")
    for _ in range(MOST_PLAYS + 1):
        begin(mia, "rename")
    second = texted(mia, "rename", first, line="Anabel")
    assert "call you Anabel" in second
    # Back, and something else is said.
    assert "call you Berta" in texted(mia, "rename", first, line="Berta")


def test_only_those_who_see_flows_play_them_and_with_their_own_forms(running: Site) -> None:
    mia, nora = running.signed_in("mia"), running.signed_in("nora")
    page = begin(mia, "rename")
    said = SAID.search(page)
    assert said is not None
    begin(nora, "rename")
    assert nora.post("/flows/rename/play", {"said": said[1], "line": "Bo"}).status_code == 400
    assert mia.post("/flows/less/play", {"said": said[1], "line": "Bo"}).status_code == 400
    assert mia.post("/flows/rename/play", {"said": said[1] + "x", "line": "Bo"}).status_code == 400
    assert mia.post("/flows/rename/play", {"language": "xx"}).status_code == 400
    assert mia.get("/flows/nothing/play").status_code == 404
    ana = running.signed_in("ana", "MY PAGE")
    assert ana.get("/flows/rename/play").status_code == 404
    ana.get("/me")
    assert ana.post("/flows/rename/play", {"language": "en"}).status_code == 404
    assert running.browser().get("/flows/rename/play").status_code == 401


def test_words_of_danger_in_a_play_page_nobody(running: Site) -> None:
    mia = running.signed_in("mia")
    before = rows(running)
    page = texted(mia, "less", begin(mia, "less"), line="I want to kill myself")
    assert "988" in page
    assert rows(running) == before


def test_what_a_play_may_hold_is_bounded(running: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert line_of({"line": "... 50 years"}) == "… 50 years"
    assert line_of({"passes": "50 years"}) == ""
    assert line_of({"passes": "3 days"}) == "... 3 days"
    assert len(line_of({"line": "x" * 5000})) == 320
    plays = Plays(FlowPlay, running.world.services.book, secret="s", service="Circle", contact="c@c.example")
    for _ in range(MOST_PLAYS + 3):
        plays.go_on(plays.new("rename", "en", plain=False))
    assert len(plays._ready) == MOST_PLAYS
    monkeypatch.setattr("assistant.pages.flows.flow_play.MOST_LINES", 3)
    mia = running.signed_in("mia")
    page = begin(mia, "rename")
    for _ in range(3):
        page = texted(mia, "rename", page, line="???")
    assert "This play is full" in page
    assert SAID.search(page) is None
    for _ in range(40):
        answer = mia.post("/flows/rename/play", {"language": "nothing"})
    assert answer.status_code == 429
