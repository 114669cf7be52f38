"""The host's page shows what the circle needs; its buttons do what texts do; words only with a receipt."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select

from assistant.store.tables import Audit, Member, PendingAction, Receipt
from tests.pages.site import Site, Visit

CIRCLE = """
circle MAPLE "Bold Moves" host luz backup eva
circle OAK "New Start" host eva
cohort "Spring" organizer mia
member luz MAPLE
member ana MAPLE
member bea MAPLE language es
member cid MAPLE
member dee MAPLE
season MAPLE
... Monday 12:00
""".strip()
HERE = "/circle/MAPLE"


@pytest.fixture
def luz(site: Site) -> Visit:
    site.play(CIRCLE)
    return site.signed_in("luz")


def seat_of(site: Site, name: str) -> int:
    with site.world.database.read() as session:
        for member in session.scalars(select(Member)):
            from assistant.store.tables import Person

            if session.get_one(Person, member.person_id).name == name.capitalize():
                return member.id
    raise AssertionError(name)


def pass_time(site: Site, **span: float) -> None:
    site.world.move_to(site.world.clock.now() + dt.timedelta(**span))


def texts_to(site: Site, name: str, since: int) -> str:
    number = site.world.number(name)
    return " | ".join(each.body for each in site.world.heard[since:] if each.to == number)


def press(visit: Visit, what: str, **form: object) -> str:
    visit.get(HERE)
    answer = visit.post(f"{HERE}/{what}", dict(form))
    assert answer.status_code == 200, answer.text
    return answer.text


def test_everyone_stands_on_it_and_nothing_of_theirs(site: Site, luz: Visit) -> None:
    shown = luz.get(HERE).text
    for name in ("Ana", "Bea", "Cid", "Dee"):
        assert name in shown
    assert "Nobody right now." in shown
    assert "reads Español" in shown
    assert not re.search(r"\+1\d{10}", shown.replace("+14155550100", ""))


def test_somebody_in_danger_is_seen_taken_written_to_and_closed(site: Site, luz: Visit) -> None:
    site.text("ana", "I want to kill myself")
    shown = luz.get(HERE).text
    assert "waiting for" in shown
    assert "texted: Luz" in shown
    alert = re.search(r'name="alert" value="(\d+)"', shown)
    assert alert is not None
    needs = shown[: shown.index('id="quiet"')]
    assert "Ana" not in needs, "who it is stands there only for whoever has looked"
    assert "kill" not in shown
    number = alert[1]
    assert "It&#39;s Ana" in press(luz, "show", alert=number)
    assert "Ana" in luz.get(HERE).text[: luz.get(HERE).text.index('id="quiet"')]
    assert "Only DONE closes this" in press(luz, "take", alert=number)
    assert "in your hands" in luz.get(HERE).text
    before = len(site.world.heard)
    assert "Sent to Ana" in press(luz, "write", alert=number, words="I am here. Can we talk?")
    site.world.settle()
    assert "I am here. Can we talk?" in texts_to(site, "ana", before)
    with site.world.database.read() as session:
        said = session.scalars(select(PendingAction).where(PendingAction.kind == "note")).one()
        kept = session.scalars(select(Receipt).where(Receipt.kind == "said", Receipt.ref_id == said.id)).one()
        assert kept.person_id == said.by_person_id, "what was written on a page has a receipt as a text has"
    assert "closed it: Ana" in press(luz, "reached", alert=number)
    assert "Nobody right now." in luz.get(HERE).text


def test_an_alert_is_closed_by_nobody_who_has_not_looked_and_by_none_beside_its_holder(
    site: Site, luz: Visit
) -> None:
    site.text("ana", "I want to kill myself")
    number = re.findall(r'name="alert" value="(\d+)"', luz.get(HERE).text)[0]
    assert "Nothing is closed" in press(luz, "reached", alert=number)
    press(luz, "show", alert=number)
    press(luz, "take", alert=number)
    eva = site.signed_in("eva")
    press(eva, "show", alert=number)
    assert "stays open until Luz" in press(eva, "reached", alert=number)


def test_a_number_in_words_for_someone_is_asked_about_first(site: Site, luz: Visit) -> None:
    site.text("ana", "I want to kill myself")
    number = re.findall(r'name="alert" value="(\d+)"', luz.get(HERE).text)[0]
    press(luz, "show", alert=number)
    before = len(site.world.heard)
    asked = press(luz, "write", alert=number, words="call me at 415 555 2671")
    site.world.settle()
    assert "A number or address is in it" in asked
    assert texts_to(site, "ana", before) == ""
    press(luz, "without", alert=number, words="call me at 415 555 2671", passed="number")
    site.world.settle()
    assert "555 2671" not in texts_to(site, "ana", before)
    assert "call me" in texts_to(site, "ana", before)


def test_words_to_everyone_are_shown_first_and_can_be_undone(site: Site, luz: Visit) -> None:
    before = len(site.world.heard)
    preview = press(luz, "say", words="Bring a pen on Thursday")
    assert "Bring a pen on Thursday" in preview
    assert "It goes to 4 people." in preview
    pass_time(site, minutes=2)
    assert texts_to(site, "ana", before) == ""
    luz.post(f"{HERE}/say", {"words": "Bring a pen on Thursday"})
    sent = luz.post(f"{HERE}/send").text
    assert "in a minute" in sent
    assert "about to go out" in luz.get(HERE).text
    assert "Nobody got it" in press(luz, "undo")
    pass_time(site, minutes=2)
    assert "pen" not in texts_to(site, "ana", before)
    press(luz, "say", words="Bring a pen on Thursday")
    luz.post(f"{HERE}/send")
    pass_time(site, minutes=2)
    assert "Bring a pen on Thursday" in texts_to(site, "ana", before)


def test_what_is_done_on_the_page_is_undone_by_text_and_on_the_same_record(site: Site, luz: Visit) -> None:
    press(luz, "remove", seat=seat_of(site, "dee"))
    assert "Dee stays" in " ".join(site.text("luz", "UNDO"))
    pass_time(site, minutes=2)
    with site.world.database.read() as session:
        kinds = [(each.kind, each.state) for each in session.scalars(select(PendingAction))]
        audit = set(session.scalars(select(Audit.action)))
    assert ("remove", "undone") in kinds
    assert {"page opened", "remove", "undo remove"} <= audit


def test_a_note_a_pause_and_a_call_go_by_the_same_minute(site: Site, luz: Visit) -> None:
    before, seat = len(site.world.heard), seat_of(site, "cid")
    assert "your note goes to Cid" in press(luz, "note", seat=seat, words="Glad you are here")
    pass_time(site, minutes=2)
    assert "Glad you are here" in texts_to(site, "cid", before)
    assert "if you may have the number" in press(luz, "call", seat=seat)
    assert "on pause until" in press(luz, "pause", seat=seat_of(site, "dee"), weeks=2)
    pass_time(site, minutes=2)
    assert "Away" in luz.get(HERE).text


def test_a_check_in_is_asked_and_read_on_the_page_with_a_receipt(site: Site, luz: Visit) -> None:
    press(luz, "check_in", words="What was good this week?")
    luz.post(f"{HERE}/send")
    pass_time(site, minutes=2)
    site.text("ana", "my week was long and strange")
    read = press(luz, "answers")
    assert "my week was long and strange" in read
    assert "strange" not in luz.get(HERE).text
    with site.world.database.read() as session:
        (receipt,) = session.scalars(select(Receipt).where(Receipt.way == "page"))
    assert receipt.reader_id is not None
    assert "Luz" in " ".join(site.text("ana", "WHO"))


def test_asks_are_counted_for_a_host_and_read_with_a_receipt(site: Site, luz: Visit) -> None:
    site.text("bea", "ASK a winter coat for my son")
    site.text("bea", "2")
    pass_time(site, minutes=2)
    shown = luz.get(HERE).text
    assert "An ask" in shown
    assert "winter coat" not in shown
    assert "winter coat" in press(luz, "asks")
    with site.world.database.read() as session:
        ways = set(session.scalars(select(Receipt.way).where(Receipt.kind == "listing")))
    assert "page" in ways


def test_words_and_removals_want_a_fresh_link(site: Site, luz: Visit) -> None:
    luz.get(HERE)
    pass_time(site, minutes=16)
    for what in ("answers", "asks", "remove"):
        refused = luz.post(f"{HERE}/{what}", {"seat": seat_of(site, "dee")})
        assert refused.status_code == 403
        assert "fresh link" in refused.text
    link = site.link("luz")
    luz.get(link)
    luz.post(link)
    assert "out of Bold Moves in a minute" in press(luz, "remove", seat=seat_of(site, "dee"))


def test_a_host_who_writes_of_her_own_danger_is_asked_and_nothing_goes(site: Site, luz: Visit) -> None:
    before = len(site.world.heard)
    asked = press(luz, "note", seat=seat_of(site, "cid"), words="I want to kill myself")
    assert "about you" in asked
    pass_time(site, minutes=2)
    assert texts_to(site, "cid", before) == ""


@pytest.mark.parametrize("who", ["ana", "mia", "eva", "nobody"])
def test_a_circle_is_its_hosts_alone(site: Site, luz: Visit, who: str) -> None:
    visit = site.browser() if who == "nobody" else site.signed_in(who)
    allowed = who == "eva"
    shown = visit.get(HERE)
    assert shown.status_code == (200 if allowed else 401 if who == "nobody" else 404)
    visit.get("/circles", follow_redirects=True)
    for what in ("say", "answers", "remove", "undo", "show"):
        done = visit.post(f"{HERE}/{what}", {"seat": seat_of(site, "dee"), "words": "x", "alert": 1})
        assert (done.status_code in (200, 403)) == allowed or done.status_code in (400, 401, 404)
    with site.world.database.read() as session:
        mine = session.scalars(select(PendingAction).where(PendingAction.kind == "remove")).all()
    assert bool(mine) == allowed


def test_a_backup_sees_her_own_circles_and_rights_end_at_once(site: Site, luz: Visit) -> None:
    eva = site.signed_in("eva")
    assert eva.get("/circles").status_code == 200
    assert eva.get("/circle/OAK").status_code == 200
    assert luz.get("/circle/OAK").status_code == 404
    with site.world.database.write() as session:
        from assistant.store.tables import Role

        for role in session.scalars(select(Role)):
            role.ended_at = site.world.clock.now()
    assert luz.get(HERE).status_code == 404
    assert eva.post("/circle/OAK/say", {"words": "x"}).status_code in (400, 404)


def test_a_seat_of_another_circle_is_out_of_reach(site: Site, luz: Visit) -> None:
    site.play("member zoe OAK")
    luz.get(HERE)
    assert luz.post(f"{HERE}/remove", {"seat": seat_of(site, "zoe")}).status_code == 400


def test_a_forged_form_does_nothing(site: Site, luz: Visit) -> None:
    luz.get(HERE)
    form = {"seat": str(seat_of(site, "dee"))}
    assert luz.client.post(f"{HERE}/remove", data=form).status_code == 400
    assert luz.post(f"{HERE}/remove", form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    other = site.signed_in("eva")
    other.get(HERE)
    luz.token = other.token
    assert luz.post(f"{HERE}/remove", form).status_code == 400
    with site.world.database.read() as session:
        assert session.scalars(select(PendingAction)).all() == []


def test_a_page_costs_no_more_statements_with_more_members(site: Site, luz: Visit) -> None:
    luz.get(HERE)
    with counted(site) as few:
        luz.get(HERE)
    for name in ("gil", "hal", "ivy", "jo", "kim", "leo"):
        site.play(f"member {name} MAPLE")
    with counted(site) as many:
        luz.get(HERE)
    assert len(many) <= len(few)
    assert len(few) < 45


@contextmanager
def counted(site: Site) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    event.listen(site.world.database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(site.world.database.engine, "before_cursor_execute", note)
