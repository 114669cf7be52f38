"""The pages in a real browser: on a small phone and at a desk, by keyboard alone, and without scripts."""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from assistant.circles.people.operators import add_operator
from assistant.conversations.importing.file_imports import import_due
from assistant.engine.book import FlowBook
from assistant.simulation.transcript import BEGINNING
from assistant.simulation.world import World
from assistant.store.tables import Address, FlowVersion, Person
from tests.circles.lots import SEATED, WAITING, Lots
from tests.circles.played import Played
from tests.circles.town import Town
from tests.pages.site import Site

SEASON = """
circle MAPLE "Bold Moves" host luz backup eva
circle OAK "Nuevos Pasos" host rosa language es
member luz MAPLE
member ana MAPLE
member bea MAPLE language es
member cid MAPLE
member dee MAPLE
member gil MAPLE
member hal MAPLE
member ivy MAPLE
member pia OAK language es
member sol OAK language es
season MAPLE
season OAK
... Tuesday 12:00
zed: JOIN MAPLE
zed: 12
zed: ???
... Wednesday 12:00
ana: ASK a winter coat for my son
ana: 2
bea: paso
... Thursday 12:00
cid: OFFER I can look over a resume
cid: 2
... Monday 12:00
ana: paso
... Monday 12:00
ana: a rose
cid: SKIP
dee: SKIP
... Tuesday 18:00
cid: I want to kill myself
... 12 minutes pass
""".strip()
WIDTHS = (320, 768, 1280)
PLACES = {
    "front": ("", "/"),
    "how": ("", "/circle/MAPLE"),
    "missing": ("", "/nothing"),
    "host": ("luz", "/circle/MAPLE"),
    "host_spanish": ("rosa", "/circle/OAK"),
    "organizer": ("uma", "/organizer/cohort/1"),
    "organizer_report": ("ulla", "/organizer/cohort/2/report"),
    "organizer_report_spanish": ("sara", "/organizer/cohort/2/report"),
    "organizer_draw": ("ursa", "/organizer/cohort/2"),
    "organizer_import": ("una", "/organizer/cohort/1/import"),
    "circles": ("nora", "/circles"),
    "mine": ("ana", "/me"),
    "service": ("nora", "/service"),
    "flows": ("mia", "/flows"),
    "flow": ("noa", "/flows/onboarding"),
    "play": ("nan", "/flows/less/play"),
    "played": ("nel", "/flows/less/play"),
    "setting_asked": ("bea", "/me"),
    "flow_changed": ("nia", "/flows/page?since=before"),
    "join": ("", "/join"),
    "join_circle": ("", "/join/MAPLE"),
    "join_unknown": ("", "/join/NOPE?lang=es"),
    "privacy": ("", "/privacy?lang=es"),
    "terms": ("", "/terms"),
}
"""State of a page -> who has it open, and where."""
PRESSED = {"played": ("Begin", "Just reading", "Go"), "setting_asked": ("Menos mensajes",)}
"""What is pressed then, one after another."""


@pytest.fixture(scope="module")
def season(book: FlowBook) -> Iterator[Site]:
    """A circle in its third week, with somebody who needs a person."""
    with World(book, start=BEGINNING) as world:
        site = Site(world)
        site.play(SEASON)
        site.play('cohort "Spring" organizer mia\ncircle ELM "Elm" cohort "Spring"')
        site.play(
            'circle FIR "Fir" host lola backup eva cohort "Spring"\ninvite vic to FIR\ninvite val to ELM'
        )
        counted_cohort(world)
        for cohort, names in (("Spring", ("uma", "una", "ugo")), ("Autumn", ("ulla", "sara", "ursa"))):
            for name in names:
                world.role(name, "organizer", cohort=cohort)
        speaks(world, "sara", "es")
        with world.database.write() as session:
            # Nobody is given more links in an hour than they need.
            for name in ("nora", "noa", "nia", "nan", "nel", "nick"):
                add_operator(session, world.number(name), world.clock.now())
            source = {"steps": {"link": {"kind": "say", "say": {"en": {"full": "Hello"}}}}}
            session.add(FlowVersion(flow="page", version="before", source=source))
        yield site


def counted_cohort(world: World) -> None:
    """A second cohort, three weeks behind it: enough people for figures that may be seen."""
    with world.database.write() as session:
        town = Town(session)
        cohort = town.cohort("Autumn")
        world.cohorts["Autumn"] = cohort.id
        circles = []
        for number, code in enumerate(("ASH", "BEECH", "CEDAR")):
            played = Played(town, code, cohort=cohort)
            circles.append(played)
            for week in (1, 2, 3):
                played.week(week, [2.5 * week] * (5 + number + week // 2) + [None] * (7 - number - week // 2))
                played.round(week, [("yes", "yes")] * 3 + [("yes", None)] * 3)
            played.goals(7, planned=7, reached=6)
        lots = Lots(town, cohort=cohort, played=circles)
        for point in ("joining", "end"):
            for item in ("lonely", "hope", "steps"):
                lots.answer("seated", SEATED, point, item)
                lots.answer("waiting", WAITING, point, item)


def speaks(world: World, name: str, language: str) -> None:
    with world.database.write() as session:
        uri = Address.uri == f"sms:{world.number(name)}"
        session.scalars(select(Person).join(Address).where(uri)).one().language = language


@pytest.fixture(scope="module")
def address(season: Site) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, season.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        if not Path("/usr/bin/chromium").exists():
            if os.environ.get("CI"):
                pytest.fail("chromium is missing")
            pytest.skip("chromium is missing: sudo apt-get install chromium")
        launched = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield launched
        launched.close()


def opened(
    browser: Browser, season: Site, address: str, who: str, path: str, width: int, **more: object
) -> Page:
    """A page of a fresh browser in which somebody is signed in; scripts are off, as none is needed."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        extra_http_headers={"X-Forwarded-For": season.elsewhere()},
        **more,  # type: ignore[arg-type]
    )
    if who:
        visit = season.signed_in(who)
        cookie = visit.client.get_cookie("circle")
        assert cookie is not None
        context.add_cookies([{"name": "circle", "value": cookie.value, "url": address}])
    page = context.new_page()
    answer = page.goto(f"{address}{path}")
    assert answer is not None
    assert answer.status < 500, "not our own mistake, which looks well, too"
    return page


@pytest.mark.parametrize("place", PLACES)
def test_a_page_fits_and_axe_finds_nothing(
    browser: Browser, season: Site, address: str, place: str, tmp_path: Path
) -> None:
    """On a small phone, on a tablet by night, at a desk: opened once, as signing in and loading cost most."""
    who, path = PLACES[place]
    page = opened(browser, season, address, who, path, WIDTHS[0])
    for name in PRESSED.get(place, ()):
        page.get_by_role("button", name=name, exact=True).click()
    pictures = Path(os.environ.get("PICTURES", tmp_path))
    for width in WIDTHS:
        # Colours that fade into others would be looked at half way.
        page.emulate_media(color_scheme="dark" if width == 768 else "light", reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 800})
        page.screenshot(path=pictures / f"{place}_{width}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"at {width} something has to be scrolled sideways"
        found = Axe().run(page)
        assert found.violations_count == 0, f"at {width}: {found.generate_report()}"
    page.context.close()


def test_all_of_it_works_by_keyboard_and_without_scripts(
    browser: Browser, season: Site, address: str
) -> None:
    page = opened(browser, season, address, "", season.link("luz"), 320, java_script_enabled=False)
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the page"
    reach(page, "Continue")
    follow(page)
    page.wait_for_url("**/circle/MAPLE")
    reach(page, "Tell the whole circle")
    page.keyboard.press("Enter")
    reach(page, "Your words")
    page.keyboard.type("Bring a pen")
    page.keyboard.press("Tab")
    follow(page)
    page.wait_for_url("**/say")
    reach(page, "Send it")
    follow(page)
    page.wait_for_url("**/send")
    reach(page, "Undo")
    follow(page)
    page.wait_for_url("**/undo")
    assert "Nobody got it" in page.content()
    page.context.close()


FILE = b"""phone,name,language,consent_at,consent_source
212 555 0101,Ana,en,2026-01-01,intake form
12,Bea,en,2026-01-01,intake form
212 555 0103,Cid,es,2026-01-01,intake form
212 555 0104,Dee,,,
"""


def test_a_file_is_brought_looked_at_and_imported_by_keyboard_and_without_scripts(
    browser: Browser, season: Site, address: str, tmp_path: Path
) -> None:
    path = "/organizer/cohort/1/import"
    page = opened(browser, season, address, "ugo", path, 320, java_script_enabled=False)
    pictures = Path(os.environ.get("PICTURES", tmp_path))
    page.set_input_files("#people", {"name": "people.csv", "mimeType": "text/csv", "buffer": FILE})
    reach(page, "Look what it would do")
    follow(page)
    page.wait_for_url("**/organizer/file/*")
    fits(page, pictures / "organizer_file_320.png")
    page.set_viewport_size({"width": 1280, "height": 800})
    fits(page, pictures / "organizer_file_1280.png")
    page.set_viewport_size({"width": 320, "height": 800})
    with page.expect_download() as taken:
        reach(page, "Take these rows as CSV")
        page.keyboard.press("Enter")
    assert "3,12,Bea" in taken.value.path().read_text("utf-8-sig")
    reach(
        page,
        "Everyone who is texted agreed to texts from us, as the file says, and I can show it when asked.",
    )
    page.keyboard.press("Space")
    reach(page, "Import in a minute")
    follow(page)
    page.wait_for_selector("text=The import begins at")
    reach(page, "Undo")
    follow(page)
    page.wait_for_selector("text=Nothing has happened yet")
    page.check("#consent")
    page.click("text=Import in a minute")
    page.wait_for_selector("text=The import begins at")
    fits(page, pictures / "organizer_held_320.png")
    season.world.move_to(season.world.clock.now() + dt.timedelta(minutes=2))
    assert import_due(season.world.services) == 1
    reach(page, "Look again")
    follow(page)
    page.wait_for_selector("text=The import is done")
    fits(page, pictures / "organizer_over_320.png")
    page.context.close()


def fits(page: Page, picture: Path) -> None:
    """Nothing has to be scrolled sideways, and everything that has to be reached can be."""
    page.screenshot(path=picture, full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


def reach(page: Page, name: str) -> None:
    """Press Tab until something of this name has the focus, and can be seen to have it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if not focused.count():
            continue
        label = focused.evaluate("it => (it.labels && it.labels[0] || it).textContent.trim()")
        if label == name and focused.is_visible():
            return
    raise AssertionError(f"no way to {name} by keyboard")


def follow(page: Page) -> None:
    """Press Enter and wait for the page it leads to, which may have the address of this one."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_flow_is_played_and_a_setting_made_by_keyboard_alone(
    browser: Browser, season: Site, address: str
) -> None:
    page = opened(browser, season, address, "nick", "/flows/rename/play", 320, java_script_enabled=False)
    reach(page, "Begin")
    follow(page)
    reach(page, "Text as Ana")
    page.keyboard.type("Anabel")
    follow(page)
    page.wait_for_url("**/play#say")
    assert "call you Anabel" in page.content()
    page.context.close()
    page = opened(browser, season, address, "bea", "/me", 320, java_script_enabled=False)
    reach(page, "Una vez por semana")
    follow(page)
    page.wait_for_url("**/me/settings")
    assert "un mensaje por semana" in page.content()
    page.context.close()
