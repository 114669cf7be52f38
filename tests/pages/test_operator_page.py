"""The operator's page: how the service is doing, words of danger with a receipt, and nobody else gets in."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from assistant.circles.people.operators import add_operator, remove_operator
from assistant.safety.danger_labels import export_cases
from assistant.store.tables import Audit, DangerLabel, Inbox, Outbox, Receipt
from tests.pages.site import Site, Visit

HERE = "/service"
CIRCLE = """
circle MAPLE "Bold Moves" host luz backup eva
cohort "Spring" organizer mia
member luz MAPLE
member ana MAPLE
member bea MAPLE language es
season MAPLE
... Monday 12:00
ana: I want to kill myself
""".strip()
WORDS = "I want to kill myself"


@pytest.fixture
def nora(site: Site) -> Visit:
    site.play(CIRCLE)
    operator(site, "nora")
    return site.signed_in("nora")


def operator(site: Site, name: str) -> None:
    with site.world.database.write() as session:
        assert add_operator(session, site.world.number(name), site.world.clock.now())


def danger_text(site: Site) -> int:
    with site.world.database.read() as session:
        return next(each.id for each in session.scalars(select(Inbox)) if each.body == WORDS)


def receipts(site: Site) -> list[tuple[str, int, int | None]]:
    with site.world.database.read() as session:
        rows = session.scalars(select(Receipt).where(Receipt.way == "page"))
        return [(row.kind, row.ref_id, row.reader_id) for row in rows]


def test_an_operator_texts_page_and_lands_on_figures_without_words(site: Site, nora: Visit) -> None:
    answer = nora.get("/circles")
    assert answer.status_code == 303
    assert answer.location == HERE
    page = nora.get(HERE)
    assert page.status_code == 200
    assert "circle doctor" in page.text
    assert f"#{danger_text(site)}" in page.text
    assert WORDS not in page.text
    assert receipts(site) == []


def test_nobody_else_finds_the_page_or_can_do_what_it_does(site: Site, nora: Visit) -> None:
    text = danger_text(site)
    for who in ("luz", "eva", "mia", "bea"):  # a host, a backup, an organizer, a member
        visit = site.signed_in(who, "MI PAGINA" if who == "bea" else "MY PAGE")
        assert visit.get(HERE).status_code == 404
        assert visit.post(f"{HERE}/retry").status_code == 404
        assert visit.post(f"{HERE}/danger/{text}").status_code == 404
        assert visit.post(f"{HERE}/danger/{text}/label", {"kind": "none"}).status_code == 404
    stranger = site.browser()
    assert stranger.get(HERE).status_code == 401
    assert stranger.post(f"{HERE}/retry").status_code == 400, "a forged form"
    assert receipts(site) == []


def test_a_form_without_its_token_does_nothing(site: Site, nora: Visit) -> None:
    nora.token = "forged"
    assert nora.post(f"{HERE}/danger/{danger_text(site)}/label", {"kind": "none"}).status_code == 400
    with site.world.database.read() as session:
        assert session.scalars(select(DangerLabel)).all() == []


def test_words_of_danger_are_read_with_a_receipt_and_labelled(site: Site, nora: Visit) -> None:
    text = danger_text(site)
    nora.get(HERE)
    page = nora.post(f"{HERE}/danger/{text}")
    assert WORDS in page.text
    assert receipts(site) == [("text", text, None)]
    assert nora.post(f"{HERE}/danger/{text}/label", {"kind": "weather"}).status_code == 400
    assert nora.post(f"{HERE}/danger/{text}/label", {"kind": "self_harm"}).status_code == 303
    page = nora.get(HERE)
    assert f"#{text}" not in page.text
    assert "Harm to oneself 1" in page.text
    with site.world.database.write() as session:
        cases = list(export_cases(session, site.world.clock.now()))
        assert [(case["text"], case["danger"], case["category"]) for case in cases] == [
            (WORDS, True, "self_harm")
        ]
        exported = session.scalars(select(Receipt).where(Receipt.way == "export")).all()
        assert [(row.kind, row.ref_id) for row in exported] == [("text", text)]
        actions = session.scalars(select(Audit.action)).all()
        assert {"look at words of danger", "label danger", "export words of danger"} <= set(actions)


def test_other_texts_are_not_to_be_had_by_their_ids(site: Site, nora: Visit) -> None:
    site.text("bea", "hola a todos")
    with site.world.database.read() as session:
        other = max(session.scalars(select(Inbox.id)))
    nora.get(HERE)
    assert nora.post(f"{HERE}/danger/{other}").status_code == 404
    assert receipts(site) == []


def test_words_want_a_fresh_link(site: Site, nora: Visit) -> None:
    import datetime as dt

    site.world.move_to(site.world.clock.now() + dt.timedelta(hours=1))
    nora.get(HERE)
    page = nora.post(f"{HERE}/danger/{danger_text(site)}")
    assert page.status_code == 403
    assert WORDS not in page.text
    assert receipts(site) == []


def test_what_was_set_aside_is_tried_again(site: Site, nora: Visit) -> None:
    text = danger_text(site)
    with site.world.database.write() as session:
        row = session.get_one(Inbox, text)
        row.state, row.reason, row.attempts = "set_aside", "KeyError", 3
        other = session.scalars(select(Outbox).order_by(Outbox.id)).first()
        assert other is not None
        other.error_code = 30034
    page = nora.get(HERE)
    assert "1 text failed three times" in page.text
    assert "not registered for 10DLC" in page.text
    assert nora.post(f"{HERE}/retry").status_code == 303
    with site.world.database.read() as session:
        assert session.get_one(Inbox, text).state == "new"
    assert "Every text was handled" in nora.get(HERE).text


def test_whoever_is_no_operator_any_more_is_signed_out_and_finds_nothing(site: Site, nora: Visit) -> None:
    with site.world.database.write() as session:
        assert remove_operator(session, site.world.number("nora"), site.world.clock.now())
        assert not remove_operator(session, site.world.number("nora"), site.world.clock.now())
    assert nora.get(HERE).status_code == 401
