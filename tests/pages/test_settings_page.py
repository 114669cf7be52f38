"""MY PAGE's settings: each button is the command that it names, and what that asks is answered there."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from assistant.carriers.twilio_addresses import to_uri
from assistant.conversations.text_rendering import language_of
from assistant.engine.book import FlowBook
from assistant.language.commands.command_reading import CommandPattern, read_command
from assistant.pages import page_texts
from assistant.pages.mine.settings_view import BUTTONS, TEXTS
from assistant.store.tables import Address, Alert, Circle, Conversation, Member, Person
from tests.pages.site import Site, Visit

CIRCLES = """
circle MAPLE "Bold Moves" host luz
circle OAK "New Moms" host luz
member luz MAPLE
member ana MAPLE
member bea MAPLE
member bea OAK
season MAPLE
... Monday 12:00
""".strip()
STATE = re.compile(r'name="state" value="([^"]+)"')
OPTION = re.compile(r'name="option" value="([^"]+)">([^<]+)<')


@pytest.fixture
def running(site: Site) -> Site:
    site.play(CIRCLES)
    return site


def person(site: Site, name: str) -> Person:
    uri = to_uri(site.world.number(name))
    with site.world.database.read() as session:
        found = select(Person).join(Address, Address.person_id == Person.id).where(Address.uri == uri)
        return session.scalars(found).one()


def seats(site: Site, name: str) -> dict[str, Member]:
    mine = person(site, name)
    with site.world.database.read() as session:
        rows = session.execute(
            select(Circle.code, Member)
            .join(Member, Member.circle_id == Circle.id)
            .where(Member.person_id == mine.id)
        )
        return dict(rows.all())


def mine(site: Site, name: str) -> Visit:
    visit = site.signed_in(name, "MY PAGE")
    visit.get("/me")
    return visit


def press(visit: Visit, what: str, given: str = "") -> str:
    return html.unescape(visit.post("/me/settings", {"what": what, "given": given}).text)


def choose(visit: Visit, page: str, label: str = "", **form: str) -> str:
    found = STATE.search(page)
    assert found is not None
    chosen = {name: key for key, name in OPTION.findall(page)}.get(label, "")
    return html.unescape(
        visit.post("/me/settings/answer", {"state": found[1], "option": chosen, **form}).text
    )


def test_every_button_s_words_are_a_command_in_each_language(book: FlowBook) -> None:
    patterns = [CommandPattern(each.name, each.words) for each in book.commands.values()]
    for key, button in BUTTONS.items():
        given = {"": "", "weeks": "3", "words": "Austin"}[button.takes]
        found = []
        for language in ("en", "es"):
            words = page_texts.say(TEXTS, f"{key}_words", language, given=given)
            reading = read_command(patterns, words, language)
            assert reading is not None, words
            assert reading.sure, words
            found.append((book.commands[reading.name].starts, reading.value))
        assert found[0] == found[1], key


def test_a_button_does_what_its_word_does_and_shows_it(running: Site) -> None:
    ana = mine(running, "ana")
    assert "three days a week at most" in press(ana, "daily")
    assert seats(running, "ana")["MAPLE"].news == "daily"
    assert "one text a week" in press(ana, "weekly")
    assert seats(running, "ana")["MAPLE"].news == "weekly"
    assert "Texts stay plain" in press(ana, "plain")
    assert person(running, "ana").plain
    assert "names and topics again" in press(ana, "names")
    assert "no name on anything you share" in press(ana, "no_name")
    assert not seats(running, "ana")["MAPLE"].named
    assert "on pause until" in press(ana, "pause", "3")
    assert seats(running, "ana")["MAPLE"].state == "paused"
    assert "Europe/Madrid" not in str(person(running, "ana").zone)
    assert "Madrid time from now on" in press(ana, "moved", "Madrid, Spain")
    assert person(running, "ana").zone == "Europe/Madrid"
    assert "I'll call you Anabel" in press(ana, "rename", "Anabel")
    page = html.unescape(ana.get("/me").text)
    assert "by the time of Madrid" in page
    assert "We call you Anabel" in page
    assert re.search(r"Once a week\s*<span class=\"tag\">now", page)


def test_which_circle_is_asked_on_the_page_and_only_that_one_changes(running: Site) -> None:
    bea = mine(running, "bea")
    page = press(bea, "read")
    assert "Which circle" in page
    assert [label for _, label in OPTION.findall(page)] == ["Bold Moves", "New Moms", "Leave it as it is"]
    assert "READ" in choose(bea, page, "New Moms")
    assert {code: seat.news for code, seat in seats(running, "bea").items()} == {
        "MAPLE": "daily",
        "OAK": "read",
    }
    assert running.text("bea", "thanks") != []
    with running.world.database.read() as session:
        assert session.scalars(select(Conversation).where(Conversation.flow == "news")).all() == []
    choose(bea, page, option="skip")
    assert seats(running, "bea")["OAK"].news == "read"


def test_what_is_asked_further_is_asked_on_the_page_too(running: Site) -> None:
    ana = mine(running, "ana")
    page = press(ana, "less")
    assert "Fewer texts? 1 only the weekly question" in page
    assert "the weekly question and the season" in choose(ana, page, "Weekly only")
    assert seats(running, "ana")["MAPLE"].weekly_only
    page = press(ana, "moved", "Springfield")
    assert "I know more than one" in page
    label = OPTION.findall(page)[0][1]
    assert "time from now on" in choose(ana, page, label)
    page = press(ana, "moved", "7pm")
    assert "which city is that in" in page
    page = choose(ana, page, words="qwrtzzz")
    assert "couldn't find that city" in page
    assert "Madrid time" in choose(ana, page, words="Madrid, Spain")
    assert (person(running, "ana").hour, person(running, "ana").zone) == (19, "Europe/Madrid")


def test_the_page_and_the_phone_follow_a_language(running: Site) -> None:
    ana = mine(running, "ana")
    before = len(running.world.heard)
    page = press(ana, "spanish")
    assert '<html lang="es">' in page
    assert "español desde ahora" in page
    assert "Volver a mi página" in page
    running.world.settle()
    number = running.world.number("ana")
    said = [each.body for each in running.world.heard[before:] if each.to == number]
    assert len(said) == 1, "what is being asked on the phone is asked in the language as well"
    assert language_of(person(running, "ana"), None) == "es"


def test_what_others_would_read_is_asked_on_the_phone_alone(running: Site) -> None:
    ana = mine(running, "ana")
    press(ana, "pause", "2")
    page = press(ana, "back")
    assert "You're back!" in page
    assert "It goes on by text" in page
    assert STATE.search(page) is None
    before = len(running.world.heard)
    running.world.settle()
    number = running.world.number("ana")
    asked = [each.body for each in running.world.heard[before:] if each.to == number]
    assert len(asked) == 1
    assert asked[0] not in page
    assert running.text("ana", "a rose and a thorn") != []


def test_forms_of_others_changed_or_old_do_nothing(running: Site) -> None:
    ana, bea = mine(running, "ana"), mine(running, "bea")
    page = press(bea, "read")
    found = STATE.search(page)
    assert found is not None
    assert ana.post("/me/settings/answer", {"state": found[1], "option": "1"}).status_code == 400
    changed = bea.post("/me/settings/answer", {"state": f"{found[1]}x", "option": "1"})
    assert "This question is over" in changed.text
    assert "This question is over" in choose(bea, page, option="999")
    assert {seat.news for seat in seats(running, "bea").values()} == {"daily"}
    assert ana.post("/me/settings", {"what": "nothing"}).status_code == 400
    assert ana.post("/me/settings", {"what": "pause", "given": "99"}).status_code == 400
    assert ana.post("/me/settings", {"what": "rename", "given": " "}).status_code == 400
    assert running.browser().post("/me/settings", {"what": "daily"}).status_code == 400
    assert "could not be read" in press(ana, "rename", "12345 67")


def test_words_of_danger_in_a_field_are_answered_as_ever(running: Site) -> None:
    ana = mine(running, "ana")
    page = press(ana, "rename", "I want to kill myself")
    assert "988" in page
    assert "It goes on by text" in page
    with running.world.database.read() as session:
        assert len(session.scalars(select(Alert)).all()) == 1
    before = len(running.world.heard)
    running.world.settle()
    assert "988" in " ".join(each.body for each in running.world.heard[before:])
    assert person(running, "ana").name == "Ana"


def test_on_a_shared_phone_the_page_names_no_circle(running: Site) -> None:
    bea = mine(running, "bea")
    press(bea, "plain")
    page = html.unescape(bea.get("/me").text)
    assert "We call you" not in page
    page = press(bea, "daily")
    assert "New Moms" not in page
    assert "NM" in [label for _, label in OPTION.findall(page)]
