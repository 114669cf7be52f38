"""Pages for whoever thinks of joining: what they agree to, in both languages, and nobody by name."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from assistant.circles.people.weekly_texts import TEXTS_A_WEEK
from assistant.runtime import Runtime
from tests.circles.town import Town

PAGES = ("/join", "/join/MAPLE", "/join/FULL", "/join/OVER", "/join/NOPE", "/privacy", "/terms")


@pytest.fixture
def circles(runtime: Runtime) -> None:
    """One that can be joined, one that is full, one that is over; with a host and members who have names."""
    with runtime.database.write() as session:
        town = Town(session)
        maple = town.circle("MAPLE", "Bold Moves", state="gathering")
        town.role(town.person("Hortensia"), "host", maple)
        town.role(town.person("Bernarda"), "backup", maple)
        town.seat(town.person("Anacleta"), maple)
        full = town.circle("FULL", "Small Steps", size=2)
        for name in ("Casimira", "Dorotea"):
            town.seat(town.person(name), full)
        town.circle("OVER", "Long Ago", state="closed")


@pytest.mark.usefixtures("circles")
def test_no_page_names_a_person_or_a_number_of_theirs_in_any_language(client: FlaskClient) -> None:
    theirs = re.compile(r"Hortensia|Bernarda|Anacleta|Casimira|Dorotea|555\D?0\d{3}(?<!5550100)|512\D?555")
    for page in PAGES:
        for language in ("en", "es"):
            shown = client.get(f"{page}?lang={language}")
            assert not theirs.search(shown.text), page
            assert f'<html lang="{language}">' in shown.text
            assert "Set-Cookie" not in shown.headers
            assert "<form" not in shown.text


@pytest.mark.usefixtures("circles")
def test_a_circle_s_page_says_what_is_agreed_to_and_how_to_join(client: FlaskClient) -> None:
    shown = client.get("/join/maple", headers={"Accept-Language": "en-US"}).text
    for said in (
        "Join Bold Moves",
        "It lasts 8 weeks",
        "2 hosts, people and not programs",
        f"Up to {TEXTS_A_WEEK} messages a week",
        "recurring automated text messages (SMS)",
        "Message and data rates may apply. Reply HELP for help, STOP to opt out",
        'href="sms:+14155550100?&amp;body=JOIN%20MAPLE"',
        "Text JOIN MAPLE to +14155550100",
        'src="data:image/svg+xml',
        'alt="QR code that opens a text to +14155550100: JOIN MAPLE"',
        '"/privacy?lang=en"',
        '"/terms?lang=en"',
    ):
        assert said in shown, said
    spanish = client.get("/join/MAPLE", headers={"Accept-Language": "es-MX,es;q=0.9"}).text
    assert "Pueden aplicar tarifas de mensajes y datos. Responde AYUDA para recibir ayuda, STOP" in spanish


@pytest.mark.usefixtures("circles")
def test_full_over_and_unknown_are_answered_kindly_and_say_nothing_more(client: FlaskClient) -> None:
    for code, status, said in (
        ("FULL", 200, "full right now"),
        ("OVER", 410, "finished its season"),
        ("NOPE", 404, "no circle by that word"),
        ("%F0%9F%92%A9", 404, "no circle by that word"),
    ):
        answer = client.get(f"/join/{code}?lang=en")
        assert (answer.status_code, said in answer.text) == (status, True)
        for more in ("Small Steps", "Long Ago", "hosts", "What you agree to", "QR"):
            assert more not in answer.text


def test_the_page_for_reviewers_needs_no_code(client: FlaskClient) -> None:
    shown = client.get("/join?lang=en").text
    assert "Text JOIN and your circle&#39;s word" in shown
    assert "you agree to get recurring automated text messages (SMS) from Circle" in shown


def test_privacy_and_terms_say_what_carriers_look_for(client: FlaskClient) -> None:
    privacy = client.get("/privacy?lang=en").text
    assert "never sold, rented or shared with third parties" in privacy
    assert "erased 30 days after its season" in privacy
    terms = client.get("/terms?lang=en").text
    assert f"up to {TEXTS_A_WEEK} messages a week" in terms
    assert "Message and data rates may apply" in terms


def test_words_of_circles_cannot_be_tried_by_the_hundred(client: FlaskClient) -> None:
    answers = [client.get(f"/join/TRY{number}").status_code for number in range(40)]
    assert answers[0] == 404
    assert answers[-1] == 429
