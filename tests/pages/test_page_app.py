"""What every page keeps to, whoever asks: headers, languages, errors, and sentences that are data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from assistant.language.languages import LANGUAGES
from assistant.pages import page_texts

ROOM = Path(page_texts.__file__).parent
TEMPLATES = sorted(ROOM.rglob("templates/**/*.html"))


def test_nothing_foreign_runs_and_nothing_is_kept(client: FlaskClient) -> None:
    answer = client.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert answer.status_code == 200
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_page_is_whole_under_its_own_policy(template: Path) -> None:
    written = template.read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|\|\s*safe", written)


def test_a_page_speaks_the_browsers_language_or_the_one_asked_for(client: FlaskClient) -> None:
    spanish = client.get("/", headers={"Accept-Language": "es-MX,es;q=0.9"}).text
    assert '<html lang="es">' in spanish
    assert "Integrantes" in spanish
    assert '<html lang="en">' in client.get("/?lang=en", headers={"Accept-Language": "es"}).text


def test_what_is_not_there_is_said_on_a_page(client: FlaskClient) -> None:
    answer = client.get("/nothing/of/the/kind")
    assert answer.status_code == 404
    assert "Nothing here" in answer.text


def test_the_look_is_the_phones_own(client: FlaskClient) -> None:
    assert client.get("/static/look.css").status_code == 200
    assert client.get("/static/pages.css").status_code == 200
    assert client.get("/static/phones.js").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_there_in_every_language(language: str) -> None:
    assert list(page_texts.gaps_in_pages()) == []
    assert "{" not in page_texts.say("shared", "skip", language)


def test_machines_still_find_their_doors(client: FlaskClient) -> None:
    assert client.get("/health/live").json == {"status": "ok"}
    assert client.post("/webhooks/twilio/message").status_code == 403
    assert client.get("/webhooks/twilio/nothing").status_code == 404
