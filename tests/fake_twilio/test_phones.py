"""The page with the phones, in a real browser: what is typed arrives, and what arrives is seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from assistant.fake_twilio.fake_carrier import LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN, LOCAL_NUMBER
from assistant.fake_twilio.records import Phone
from assistant.fake_twilio.server import Running, running
from tests.fake_twilio.our_side import Webhook

LUZ, ANA, ROSA = "+14155550101", "+14155550102", "+14155550103"
PHONES = (
    Phone("Luz", LUZ, "Text HOST MAPLE to begin."),
    Phone("Ana", ANA, "Text JOIN MAPLE to begin."),
    Phone("Rosa", ROSA, "Text JOIN MAPLE to begin."),
)
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 390, "height": 844}

Open = Callable[..., Page]


@pytest.fixture
def carrier(webhook: Webhook) -> Iterator[Running]:
    webhook.replies["join maple"] = "Welcome to Maple. What should we call you?"
    with running(webhook_url=webhook.url, phones=PHONES) as served:
        yield served


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens the page of a carrier; at the end, no script may have failed and no other host been asked."""
    pages: list[Page] = []
    trouble: list[str] = []

    def opened(carrier: Running, **context: Any) -> Page:
        page = browser.new_page(**({"viewport": WIDE} | context))
        pages.append(page)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith(carrier.url) else trouble.append(request.url),
        )
        page.goto(f"{carrier.url}/phones")
        expect(page.locator("#link")).to_have_text("live")
        return page

    yield opened
    for page in pages:
        page.close()
    assert trouble == []


def phone_of(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=f"{name}’s phone")


def say(page: Page, name: str, text: str) -> None:
    field = page.get_by_label(f"Text as {name}", exact=True)
    field.fill(text)
    field.press("Enter")


def send(carrier: Running, to: str, body: str) -> None:
    """Text a phone, as the assistant does."""
    requests.post(
        f"{carrier.url}/2010-04-01/Accounts/{LOCAL_ACCOUNT_SID}/Messages.json",
        data={"To": to, "From": LOCAL_NUMBER, "Body": body},
        auth=(LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN),
        timeout=5,
    ).raise_for_status()


def test_a_typed_text_is_answered_with_ticks_and_segments(carrier: Running, open_page: Open) -> None:
    page = open_page(carrier)
    ana = phone_of(page, "Ana")
    expect(ana.get_by_text("Text JOIN MAPLE to begin.")).to_be_visible()
    say(page, "Ana", "JOIN MAPLE")
    texts = ana.locator(".text")
    expect(texts).to_have_count(2)
    expect(texts.nth(0)).to_contain_text("JOIN MAPLE")
    expect(texts.nth(0).get_by_role("img", name="taken by the assistant")).to_be_visible()
    expect(texts.nth(1)).to_contain_text("Welcome to Maple. What should we call you?")
    expect(texts.nth(1)).to_contain_text("1 segment")
    expect(texts.nth(1).get_by_role("img", name="delivered")).to_be_visible()
    expect(ana.get_by_text("Text JOIN MAPLE to begin.")).to_be_hidden()
    expect(page.get_by_label("Text as Ana", exact=True)).to_have_value("")
    expect(phone_of(page, "Rosa").locator(".text")).to_have_count(0)


def test_texts_longer_than_one_segment_stand_out(carrier: Running, open_page: Open) -> None:
    page = open_page(carrier)
    say(page, "Ana", "ñandú 🌱 " * 10)
    expect(phone_of(page, "Ana").locator(".many")).to_have_text("2 segments")


def test_the_keyboard_is_enough(carrier: Running, open_page: Open) -> None:
    page = open_page(carrier)
    page.get_by_label("Text as Luz", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Text as Ana", exact=True)).to_be_focused()
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    expect(phone_of(page, "Ana").locator(".words")).to_have_text("one\ntwo", use_inner_text=True)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Send a photo")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Send where I am")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Send something else as Ana")).to_be_focused()


def test_a_screen_reader_hears_whose_conversation_it_is(carrier: Running, open_page: Open) -> None:
    page = open_page(carrier)
    for name in ("Luz", "Ana", "Rosa"):
        expect(page.get_by_role("log", name=f"{name}’s conversation")).to_be_visible()
        expect(page.get_by_role("textbox", name=f"Text as {name}")).to_be_visible()
    send(carrier, ROSA, "How was your week?")
    expect(phone_of(page, "Rosa").get_by_label("1 unread")).to_be_visible()


@pytest.mark.parametrize("view", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(carrier: Running, open_page: Open, view: dict[str, int], scheme: str) -> None:
    page = open_page(carrier, viewport=view, color_scheme=scheme, reduced_motion="reduce")
    say(page, "Luz", "join maple")
    expect(phone_of(page, "Luz")).to_contain_text("What should we call you?")
    for _ in range(12):
        say(page, "Luz", "one line more, so that there is something to scroll")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("button", name="Add a phone").click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_each_phone_has_its_own_clock(carrier: Running, open_page: Open) -> None:
    page = open_page(carrier)
    page.get_by_role("button", name="Add a phone").click()
    page.get_by_label("Whose phone is it?").fill("Lupe")
    page.get_by_label("Number").fill("+525512345678")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(phone_of(page, "Luz").locator(".own")).to_have_text(re.compile(r"\d:\d\d .*in Los Angeles"))
    expect(phone_of(page, "Lupe").locator(".own")).to_have_text(re.compile(r"\d:\d\d .*in Mexico City"))


def test_odd_texts_are_one_tap_away(carrier: Running, open_page: Open, webhook: Webhook) -> None:
    page = open_page(carrier)
    say(page, "Ana", "join maple")
    expect(phone_of(page, "Ana").locator(".text")).to_have_count(2)
    for what in ("Send a photo", "Send where I am", "Like the last text"):
        page.get_by_label("Send something else as Ana").click()
        page.get_by_role("menuitem", name=what).click()
    expect(phone_of(page, "Ana").locator(".text")).to_have_count(5)
    photo, place, like = (call.form for call in webhook.wait_for(4)[1:])
    assert (photo["NumMedia"], photo["Body"]) == ("1", "")
    assert place["Label"] == "Austin, Texas"
    assert like["Body"] == "Liked “Welcome to Maple. What should we call you?”"
    shown = phone_of(page, "Ana").locator(".text")
    expect(shown.nth(2).get_by_alt_text("A photo")).to_be_visible()
    expect(shown.nth(3)).to_contain_text("Austin, Texas")


def test_a_phone_that_opted_out_is_marked_until_start(carrier: Running, open_page: Open) -> None:
    page = open_page(carrier)
    marked = phone_of(page, "Rosa").get_by_text("opted out")
    expect(marked).to_be_hidden()
    say(page, "Rosa", "STOP")
    expect(marked).to_be_visible()
    say(page, "Rosa", "START")
    expect(marked).to_be_hidden()


def test_unread_texts_are_counted_until_they_are_looked_at(carrier: Running, open_page: Open) -> None:
    page = open_page(carrier)
    page.get_by_label("Text as Luz", exact=True).focus()
    send(carrier, LUZ, "Luz is looking at this.")
    send(carrier, ROSA, "One.")
    send(carrier, ROSA, "Two.")
    badge = phone_of(page, "Rosa").locator(".unread")
    expect(badge).to_have_text("2")
    expect(phone_of(page, "Luz").locator(".unread")).to_be_hidden()
    expect(page).to_have_title("(2) Phones")
    page.get_by_label("Text as Rosa", exact=True).focus()
    expect(badge).to_be_hidden()
    expect(page).to_have_title("Phones")


def test_a_phone_can_be_added_with_a_made_up_number(carrier: Running, open_page: Open) -> None:
    page = open_page(carrier)
    page.get_by_role("button", name="Add a phone").click()
    page.get_by_label("Whose phone is it?").fill("Omar")
    page.get_by_label("Number").fill("12")
    page.keyboard.press("Enter")
    expect(page.get_by_text("That is no phone number.")).to_be_visible()
    page.get_by_label("Number").fill("")
    page.keyboard.press("Enter")
    omar = phone_of(page, "Omar")
    expect(omar).to_contain_text("+1 415 555 0104")
    expect(omar).to_contain_text("Text JOIN MAPLE to begin.")
    expect(page.get_by_label("Text as Omar", exact=True)).to_be_focused()
    page.reload()
    expect(omar).to_be_visible()


def test_a_member_s_text_is_shown_never_run(carrier: Running, open_page: Open) -> None:
    page = open_page(carrier)
    say(page, "Ana", "<img src=x onerror=alert(1)><b>bold</b>")
    expect(phone_of(page, "Ana").locator(".words")).to_have_text("<img src=x onerror=alert(1)><b>bold</b>")


def test_failures_are_said_in_words(carrier: Running, open_page: Open, webhook: Webhook) -> None:
    page = open_page(carrier)
    webhook.answer_next(500)
    say(page, "Ana", "hello")
    expect(phone_of(page, "Ana").get_by_text("not taken by the assistant (11200)")).to_be_visible()
    carrier.carrier.faults.fail_endings = {"0103": 30003}
    send(carrier, ROSA, "Are you there?")
    expect(phone_of(page, "Rosa").get_by_text("undelivered (30003)")).to_be_visible()


def test_reading_further_up_is_not_disturbed(carrier: Running, open_page: Open) -> None:
    page = open_page(carrier)
    for number in range(30):
        send(carrier, ANA, f"Text {number}")
    log = phone_of(page, "Ana").locator(".log")
    expect(log.get_by_text("Text 29", exact=True)).to_be_in_viewport()
    log.evaluate("log => { log.scrollTop = 0; }")
    page.wait_for_timeout(100)
    send(carrier, ANA, "Text 30")
    expect(log.get_by_text("Text 30", exact=True)).to_be_attached()
    expect(log.get_by_text("Text 30", exact=True)).not_to_be_in_viewport()
    say(page, "Ana", "back down")
    expect(log.get_by_text("back down")).to_be_in_viewport()


def test_a_narrow_screen_shows_one_phone_at_a_time(carrier: Running, open_page: Open) -> None:
    page = open_page(carrier, viewport=NARROW, has_touch=True, is_mobile=True)
    expect(phone_of(page, "Luz")).to_be_in_viewport(ratio=1)
    expect(phone_of(page, "Ana")).not_to_be_in_viewport(ratio=0.1)
    send(carrier, ROSA, "How was your week?")
    rosa = page.get_by_role("navigation").get_by_role("link", name="Rosa")
    expect(rosa).to_contain_text("1")
    rosa.click()
    expect(phone_of(page, "Rosa")).to_be_in_viewport(ratio=1)
    expect(phone_of(page, "Luz")).not_to_be_in_viewport(ratio=0.1)
    expect(rosa.locator(".unread")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]


def test_dark_where_the_person_likes_it_dark(carrier: Running, open_page: Open) -> None:
    def background(scheme: str) -> str:
        page = open_page(carrier, color_scheme=scheme)
        colour: str = phone_of(page, "Ana").evaluate("phone => getComputedStyle(phone).backgroundColor")
        return colour

    assert background("light") == "rgb(255, 255, 255)"
    assert background("dark") == "rgb(22, 26, 34)"


def test_the_conversation_is_there_again_after_a_restart(
    open_page: Open, webhook: Webhook, tmp_path: Path
) -> None:
    with running(webhook_url=webhook.url, data=tmp_path, phones=PHONES) as first:
        page = open_page(first)
        say(page, "Ana", "Remember me.")
        expect(phone_of(page, "Ana").get_by_role("img", name="taken by the assistant")).to_be_visible()
    expect(page.locator("#link")).to_have_text("reconnecting")
    say(page, "Ana", "Is anyone there?")
    expect(page.get_by_text("The carrier does not answer. Is it still running?")).to_be_visible()
    expect(page.get_by_label("Text as Ana", exact=True)).to_have_value("Is anyone there?")
    with running(webhook_url=webhook.url, data=tmp_path, port=first.port) as second:
        expect(page.locator("#link")).to_have_text("live")
        send(second, ANA, "I remember you.")
        expect(phone_of(page, "Ana").locator(".words")).to_have_text(["Remember me.", "I remember you."])
