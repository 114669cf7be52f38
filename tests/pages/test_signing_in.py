"""A link opens once, in one browser, within minutes; whoever has not pressed Continue has used nothing up."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select

from assistant.store.tables import PageLink, PageSession
from tests.pages.site import LINK, Site

CIRCLES = """
circle MAPLE "Bold Moves" host luz running
circle OAK "New Start" host eva language es running
member ana MAPLE
member bea MAPLE plain
""".strip()


@pytest.fixture(autouse=True)
def _people(site: Site) -> None:
    site.play(CIRCLES)


def test_a_host_comes_in_by_a_text_and_one_press(site: Site) -> None:
    visit, link = site.browser(), site.link("luz")
    assert "Continue" in visit.get(link).text
    entered = visit.post(link)
    assert entered.status_code == 303
    assert "HttpOnly" in entered.headers["Set-Cookie"]
    assert "SameSite=Lax" in entered.headers["Set-Cookie"]
    assert visit.get("/circles").location == "/circle/MAPLE"
    assert "Bold Moves" in visit.get("/circle/MAPLE").text


def test_a_preview_of_the_link_uses_nothing_up(site: Site) -> None:
    link = site.link("luz")
    for _ in range(3):
        assert site.browser().get(link).status_code == 200
    visit = site.browser()
    visit.get(link)
    assert visit.post(link).status_code == 303


def test_a_link_opens_once_and_in_no_second_browser(site: Site) -> None:
    mine, thief = site.browser(), site.browser()
    link = site.link("luz")
    mine.get(link)
    thief.get(link)
    assert mine.post(link).status_code == 303
    assert thief.post(link).status_code == 410
    assert mine.post(link).status_code == 410
    assert thief.get("/circle/MAPLE").status_code == 401


def test_whoever_has_the_link_but_not_the_page_cannot_press(site: Site) -> None:
    link = site.link("luz")
    assert site.browser().post(link).status_code == 400
    other = site.browser()
    other.get("/")
    assert other.post(link, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    visit = site.browser()
    visit.get(link)
    assert visit.post(link).status_code == 303


def test_a_link_is_over_after_ten_minutes_and_a_session_after_twelve_hours(site: Site) -> None:
    link = site.link("luz")
    site.world.move_to(site.world.clock.now() + dt.timedelta(minutes=10, seconds=1))
    assert site.browser().get(link).status_code == 410
    visit = site.signed_in("luz")
    site.world.move_to(site.world.clock.now() + dt.timedelta(hours=11, minutes=59))
    assert visit.get("/circle/MAPLE").status_code == 200
    site.world.move_to(site.world.clock.now() + dt.timedelta(minutes=2))
    assert visit.get("/circle/MAPLE").status_code == 401


def test_sign_out_by_text_ends_every_browser_and_every_link(site: Site) -> None:
    one, two, link = site.signed_in("luz"), site.signed_in("luz"), site.link("luz")
    assert "signed out everywhere" in " ".join(site.text("luz", "SIGN OUT"))
    assert one.get("/circle/MAPLE").status_code == 401
    assert two.get("/circle/MAPLE").status_code == 401
    assert site.browser().get(link).status_code == 410
    assert "nada abierto" in " ".join(site.text("eva", "CERRAR SESION"))


def test_sign_out_on_a_page_ends_that_browser(site: Site) -> None:
    one, two = site.signed_in("luz"), site.signed_in("luz")
    one.get("/circle/MAPLE")
    assert one.post("/sign-out").status_code == 303
    assert one.get("/circle/MAPLE").status_code == 401
    assert two.get("/circle/MAPLE").status_code == 200


def test_a_copied_cookie_is_no_way_back_in_once_its_session_is_over(site: Site) -> None:
    visit = site.signed_in("luz")
    cookie = visit.client.get_cookie("circle")
    assert cookie is not None
    visit.get("/circle/MAPLE")
    visit.post("/sign-out")
    thief = site.browser()
    thief.client.set_cookie("circle", cookie.value)
    assert thief.get("/circle/MAPLE").status_code == 401


def test_what_opens_a_page_stands_in_no_table(site: Site) -> None:
    link = site.link("luz")
    visit = site.browser()
    visit.get(link)
    visit.post(link)
    cookie = visit.client.get_cookie("circle")
    assert cookie is not None
    with site.world.database.read() as session:
        kept = [
            *session.scalars(select(PageLink.key_hash)),
            *session.scalars(select(PageSession.key_hash)),
        ]
    assert link.removeprefix("/go/") not in kept
    assert cookie.value not in kept


def test_a_text_on_a_shared_phone_names_nothing(site: Site) -> None:
    words = " ".join(site.text("bea", "MY PAGE"))
    assert LINK.search(words)
    assert not any(name in words for name in ("Bea", "Bold", "page", "circle ", "Circle:"))
    link = LINK.search(words)
    assert link is not None
    shown = site.browser().get(link[1]).text
    assert "Bea" not in shown
    assert "is it a good moment" in shown


def test_a_link_is_read_in_the_language_of_whoever_asked(site: Site) -> None:
    assert "Sirve 10 minutos" in " ".join(site.text("eva", "PAGINA"))
    visit = site.signed_in("eva", "PÁGINA")
    assert "Quién necesita a una persona ahora" in visit.get("/circle/OAK").text


def test_a_member_gets_a_page_of_their_own_by_either_word(site: Site) -> None:
    for words in ("PAGE", "MY PAGE"):
        visit = site.signed_in("ana", words)
        assert visit.get("/circles").location == "/me"
        assert visit.get("/me").status_code == 200
        assert visit.get("/circle/MAPLE").status_code == 404


def test_nobody_is_given_links_without_end(site: Site) -> None:
    for _ in range(6):
        site.link("luz")
    assert "try in an hour" in " ".join(site.text("luz", "PAGE"))


def test_a_strangers_words_are_no_way_in(site: Site) -> None:
    assert not LINK.search(" ".join(site.text("zoe", "PAGE")))


def test_old_rows_do_not_stay(site: Site) -> None:
    site.signed_in("luz")
    site.world.move_to(site.world.clock.now() + dt.timedelta(days=9))
    with site.world.database.read() as session:
        assert session.scalar(select(func.count(PageLink.id))) == 0
        assert session.scalar(select(func.count(PageSession.id))) == 0


def test_nothing_of_it_is_left_of_someone_who_is_forgotten(site: Site) -> None:
    visit = site.signed_in("ana")
    visit.get("/me")
    visit.post("/me/erase")
    visit.post("/me/erase", {"sure": "yes"})
    site.world.move_to(site.world.clock.now() + dt.timedelta(minutes=2))
    assert visit.get("/me").status_code == 401
    with site.world.database.read() as session:
        assert session.scalar(select(func.count(PageLink.id))) == 0
        assert session.scalar(select(func.count(PageSession.id))) == 0


@pytest.mark.parametrize("place", ["/circles", "/circle/MAPLE", "/me"])
def test_a_page_of_somebodys_is_shown_to_nobody_who_is_not_signed_in(site: Site, place: str) -> None:
    answer = site.browser().get(place)
    assert answer.status_code == 401
    assert "Bold" not in answer.text
