"""The organizer's pages: counts and reports for whoever organizes, and files of people for them alone."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from sqlalchemy import select, update

from assistant.circles.people.operators import add_operator
from assistant.conversations.importing.file_imports import import_due
from assistant.pages.organizer.report_view import SECTIONS
from assistant.pages.page_texts import texts_of
from assistant.store.tables import Audit, Circle, Invitation, Role, SeatDraw, Upload
from tests.pages.site import Site, Visit

COHORTS = """
cohort "Spring" organizer mia
cohort "Autumn" organizer noa
circle MAPLE "Bold Moves" host luz backup eva cohort "Spring"
circle ELM "Elm" cohort "Spring"
circle OAK "Oak" host rosa cohort "Autumn"
member ana MAPLE
""".strip()
SPRING, AUTUMN = "/organizer/cohort/1", "/organizer/cohort/2"
FILE = """phone,name,language,consent_at,consent_source
212 555 0101,Ana,en,2026-01-01,form
12,Bea,en,,
212 555 0103,=Cid,xx,2026-01-01,form
212 555 0104,Dee,,,
"""


@pytest.fixture
def mia(site: Site) -> Visit:
    site.play(COHORTS)
    return site.signed_in("mia")


def bring(visit: Visit, at: str = SPRING, file: str = FILE, **more: str) -> str:
    visit.get(f"{at}/import")
    answer = visit.post(f"{at}/import", {"people": (io.BytesIO(file.encode()), "people.csv"), **more})
    assert answer.status_code == 303, answer.text
    return answer.location


def later(site: Site, **span: float) -> None:
    site.world.move_to(site.world.clock.now() + dt.timedelta(**span))


def acts(site: Site) -> list[str]:
    with site.world.database.read() as session:
        return list(session.scalars(select(Audit.action)))


def invitations(site: Site) -> int:
    with site.world.database.read() as session:
        rows = session.scalars(select(Invitation).where(Invitation.state != "no_consent"))
        return len(rows.all())


def test_an_organizer_lands_on_circles_that_lack_somebody_first(site: Site, mia: Visit) -> None:
    assert mia.get("/circles").location == "/organizer"
    assert mia.get("/organizer").location == SPRING
    page = mia.get(SPRING).text
    assert page.index("Elm") < page.index("Bold Moves")
    assert "1 circle without a host" in page
    assert "Ana" not in page
    assert "<style" not in mia.get(f"{SPRING}/report").text


def test_every_figure_of_a_report_has_a_name_here() -> None:
    texts = texts_of("organizer")
    figures = {f"figure_{figure}" for _, lines in SECTIONS for figure, _, _ in lines}
    assert figures - set(texts) == set()


def test_nobody_else_finds_any_of_it(site: Site, mia: Visit) -> None:
    held = bring(mia)
    paths = (SPRING, f"{SPRING}/report", f"{SPRING}/import", "/organizer/circle/MAPLE", held)
    forms = (
        f"{SPRING}/report.csv",
        f"{SPRING}/import",
        f"{SPRING}/waiting",
        *(f"{held}/{do}" for do in ("begin", "undo", "drop")),
    )
    with site.world.database.write() as session:
        assert add_operator(session, site.world.number("nora"), site.world.clock.now())
    for who in ("ana", "luz", "noa", "nora"):  # a member, a host, another's organizer, an operator
        visit = site.signed_in(who, "MY PAGE")
        for path in paths:
            assert visit.get(path).status_code == 404, (who, path)
        visit.get("/me")
        for path in (*forms, f"{held}/rows.csv"):
            assert visit.post(path, {"consent": "yes"}).status_code in (400, 404), (who, path)
    stranger = site.browser()
    for path in paths:
        assert stranger.get(path).status_code == 401
    for path in forms:
        assert stranger.post(path).status_code == 400, "a forged form"
    assert import_due(site.world.services) == 0
    assert "report" not in acts(site)
    assert mia.get(held).status_code == 200


def test_a_report_is_taken_away_only_freshly_and_on_record(site: Site, mia: Visit) -> None:
    mia.get(f"{SPRING}/report")
    taken = mia.post(f"{SPRING}/report.csv")
    assert taken.text.startswith("scope,period,figure,value,hidden,at_least\r\ncohort,season,members,,true")
    assert [act for act in acts(site) if act.startswith("report")] == ["report", "report as a file"]
    later(site, hours=1)
    mia.get(f"{SPRING}/report")
    assert mia.post(f"{SPRING}/report.csv").status_code == 403
    mia.token = "forged"
    assert mia.post(f"{SPRING}/report.csv").status_code == 400


def test_a_file_is_shown_undone_imported_and_gone(site: Site, mia: Visit) -> None:
    held = bring(mia)
    page = mia.get(held).text
    assert "Row 3:" in page
    assert "2 rows to mend" in page
    assert invitations(site) == 0
    mend = mia.post(f"{held}/rows.csv").text
    assert "3,12,Bea," in mend
    assert "'=Cid" in mend, "no formula for a spreadsheet"
    mia.get(held)
    assert mia.post(f"{held}/begin").status_code == 400, "without a word of consent"
    assert mia.post(f"{held}/begin", {"consent": "yes"}).status_code == 303
    assert "begins at" in mia.get(held).text
    assert mia.post(f"{held}/undo").status_code == 303
    later(site, seconds=61)
    assert import_due(site.world.services) == 0
    mia.get(held)
    assert mia.post(f"{held}/begin", {"consent": "yes"}).status_code == 303
    later(site, seconds=61)
    assert import_due(site.world.services) == 1
    assert invitations(site) == 1
    assert import_due(site.world.services) == 0
    assert "The import is done" in mia.get(held).text
    with site.world.database.read() as session:
        assert session.scalars(select(Upload)).one().data is None
    assert {"import", "undo import", "imported"} <= set(acts(site))


def test_seats_are_drawn_as_the_command_line_draws_them(site: Site, mia: Visit) -> None:
    rows = [f"212 555 {number:04},P{number},en,2026-01-01,form" for number in range(200, 220)]
    file = "\n".join(("phone,name,language,consent_at,consent_source", *rows))
    asked = {"people": (io.BytesIO(file.encode()), "people.csv"), "seats": "0"}
    mia.get(f"{SPRING}/import")
    assert mia.post(f"{SPRING}/import", asked).status_code == 400
    held = bring(mia, file=file, seats="6")
    page = mia.get(held).text
    assert "20 people in 20 lots, for 6 seats" in page
    with site.world.database.read() as session:
        sealed = session.scalars(select(SeatDraw)).one()
    assert sealed.commitment in page
    assert sealed.seed not in page
    assert mia.post(f"{held}/begin", {"consent": "yes"}).status_code == 303
    assert mia.post(f"{held}/undo").status_code == 303
    mia.get(held)
    assert mia.post(f"{held}/begin", {"consent": "yes"}).status_code == 303
    later(site, seconds=61)
    assert import_due(site.world.services) == 1
    assert import_due(site.world.services) == 0
    assert invitations(site) == 6
    over = mia.get(held).text
    assert "On the waiting list" in over
    # The seal that was shown is the one that was drawn, and now the seed is told.
    shown = mia.get(SPRING).text
    assert sealed.commitment in shown
    assert sealed.seed in shown
    with site.world.database.write() as session:
        session.execute(update(Circle).where(Circle.code == "ELM").values(size=13))
    answer = mia.post(f"{SPRING}/waiting")
    assert answer.status_code == 303
    assert invitations(site) == 20
    assert "14 invitations are on their way" in mia.get(answer.location).text
    assert {"seal draw", "draw", "seat waiting"} <= set(acts(site))


def test_an_import_is_not_done_for_whoever_organizes_no_more(site: Site, mia: Visit) -> None:
    held = bring(mia)
    mia.get(held)
    assert mia.post(f"{held}/begin", {"consent": "yes"}).status_code == 303
    with site.world.database.write() as session:
        role = session.scalars(select(Role).where(Role.kind == "organizer", Role.cohort_id == 1)).one()
        role.ended_at = site.world.clock.now()
    later(site, seconds=61)
    assert import_due(site.world.services) == 1
    assert invitations(site) == 0


def test_a_file_that_waits_for_an_hour_is_deleted(site: Site, mia: Visit) -> None:
    held = bring(mia)
    later(site, hours=2)
    site.world.settle()
    assert mia.get(held).status_code == 404
    with site.world.database.read() as session:
        assert session.scalars(select(Upload)).all() == []


def test_what_is_no_table_or_too_large_is_said_kindly(site: Site, mia: Visit) -> None:
    mia.get(f"{SPRING}/import")
    workbook = mia.post(f"{SPRING}/import", {"people": (io.BytesIO(b"PK\x03\x04..."), "a.xlsx")})
    assert workbook.status_code == 400
    assert "CSV UTF-8" in workbook.text
    assert "Choose a file first" in mia.post(f"{SPRING}/import").text
    large = mia.post(f"{SPRING}/import", {"people": (io.BytesIO(b"x" * 3_000_000), "a.csv")})
    assert large.status_code == 413
    assert "2 MB" in large.text
    assert mia.post("/sign-out", {"much": "x" * 100_000}).status_code == 413, "other forms stay small"
