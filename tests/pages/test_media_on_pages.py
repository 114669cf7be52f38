"""Photos and voice notes stand on pages beside the words they came with, for whoever reads those."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from sqlalchemy import select
from werkzeug.serving import make_server

from assistant.store.tables import Media, Receipt
from tests.media.recordings import PLACE, old_voice, photo
from tests.pages.site import Site, Visit
from tests.pages.test_in_a_browser import chromium, opened

CIRCLE = """
circle MAPLE "Bold Moves" host luz backup eva
circle OAK "New Start" host rosa
member luz MAPLE
member ana MAPLE
member bea MAPLE
season MAPLE
... Monday 12:00
luz: CHECKIN what was good this week?
luz: SEND
... 2 minutes pass
""".strip()
VOICE = (Path(__file__).parents[1] / "media" / "voice.m4a").read_bytes()
"""Half a second and a bit, as a phone's recorder writes it."""


@pytest.fixture
def shown(site: Site) -> Site:
    """A host has asked; Ana's answer is a photo, and Bea's a voice note."""
    site.play(CIRCLE)
    for name, data in (("ana", photo(kind="HEIF")), ("bea", VOICE)):
        send(site, name, data)
        site.text(name, "my answer")
    return site


def send(site: Site, name: str, data: bytes) -> None:
    url = f"https://api.twilio.com/media/{len(site.world.carrier.media)}"
    site.world.carrier.media[url] = data
    site.world.text(name, "", media=[(url, "image/jpeg")])
    site.world.settle()


def numbers(site: Site) -> list[int]:
    with site.world.database.read() as session:
        return list(session.scalars(select(Media.id).order_by(Media.id)))


def answers(visit: Visit) -> str:
    visit.get("/circle/MAPLE")
    return visit.post("/circle/MAPLE/answers").text


def can_see(visit: Visit, number: int) -> bool:
    return visit.get(f"/media/{number}").status_code == 200


def test_whoever_reads_the_words_sees_the_photo_and_nobody_else(shown: Site) -> None:
    first, second = numbers(shown)
    luz, eva, ana = (shown.signed_in(name) for name in ("luz", "eva", "ana"))
    bea, nobody = shown.signed_in("bea", "MY PAGE"), shown.browser()
    assert nobody.get(f"/media/{first}").status_code == 401
    # A host may read it, and has not looked: no receipt, no photo.
    assert not can_see(luz, first)
    assert f'src="/media/{first}"' in answers(luz)
    with shown.world.database.read() as session:
        receipts = session.scalars(select(Receipt).where(Receipt.way == "page")).all()
    assert len(receipts) == 2
    answer = luz.get(f"/media/{first}")
    assert answer.data.startswith(b"\xff\xd8\xff")
    assert PLACE not in answer.data
    wanted = {
        "Content-Type": "image/jpeg",
        "Content-Disposition": "inline; filename=photo.jpg",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    assert {name: answer.headers[name] for name in wanted} == wanted
    assert "media-src 'self'" in answer.headers["Content-Security-Policy"]
    part = luz.get(f"/media/{second}", headers={"Range": "bytes=0-1"})
    assert (part.status_code, len(part.data)) == (206, 2)
    # One's own, always; a backup who has not looked and another member, never.
    assert [can_see(ana, first), can_see(eva, first), can_see(bea, first), can_see(bea, second)] == [
        *(True, False, False, True)
    ]
    assert not can_see(luz, 999)
    shown.text("ana", "DELETE")
    assert not can_see(luz, first)
    assert not can_see(ana, first)


def test_a_photo_is_seen_no_longer_than_words_are(shown: Site) -> None:
    first, _ = numbers(shown)
    luz = shown.signed_in("luz")
    answers(luz)
    assert can_see(luz, first)
    shown.world.move_to(shown.world.clock.now() + dt.timedelta(minutes=16))
    assert luz.get(f"/media/{first}").status_code == 403
    # A new link shows the page: the photo only with the words, and a receipt of then.
    again = shown.signed_in("luz")
    assert not can_see(again, first)
    answers(again)
    assert can_see(again, first)


def test_what_no_browser_plays_is_a_file(shown: Site) -> None:
    send(shown, "ana", old_voice())
    shown.text("ana", "save")
    ana = shown.signed_in("ana", "MY PAGE")
    ana.get("/me")
    number = numbers(shown)[-1]
    page = ana.post("/me/words").text
    assert f'<a class="along" href="/media/{number}" download>' in page
    answer = ana.get(f"/media/{number}")
    assert answer.headers["Content-Disposition"] == "attachment; filename=voice.amr"


@pytest.fixture
def address(shown: Site) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, shown.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_photos_show_and_voices_play_in_a_browser(shown: Site, address: str) -> None:
    with chromium() as browser:
        page = opened(browser, shown, address, "luz", "/circle/MAPLE", 320)
        page.get_by_role("button", name="Read the answers").click()
        picture = page.get_by_role("img", name="Photo that was sent with these words")
        assert picture.evaluate("each => each.decode().then(() => each.naturalWidth)") == 640
        assert plays(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        page.context.close()
        page = opened(browser, shown, address, "bea", "/me", 768)
        page.get_by_role("button", name="Show my words").click()
        assert plays(page)
        assert Axe().run(page).violations_count == 0


def plays(page: Page) -> bool:
    """Whether a voice note is one that the browser can play to its end."""
    seconds = page.locator("audio").evaluate(
        """each => new Promise((done, fail) => {
            each.onended = () => done(each.currentTime);
            each.onerror = () => fail(each.error.message);
            each.muted = true;
            each.play().catch(fail);
        })"""
    )
    return bool(0.5 < seconds < 2)
