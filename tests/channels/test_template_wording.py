"""Templates: what WhatsApp would refuse is none, and what one says is our text to the letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.channels.opening_texts import gaps
from assistant.channels.template_wording import NoTemplate, filled, fit, worded
from assistant.circles.actions.context import ServiceIdentity
from assistant.delivery.templates import Plan, plan_of
from assistant.engine.book import FlowBook
from assistant.fake_twilio.content.content_rules import check_submission, check_template, fault_of
from assistant.language.languages import LANGUAGES
from assistant.language.rendering import render_rich
from assistant.runtime import read_flows

SAMPLES = {"name": "Ana", "buddy": "Rosa", "count": "3", "service": "Circle"}


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


@pytest.fixture(scope="module")
def plan(book: FlowBook) -> Plan:
    return plan_of(book, ServiceIdentity("Circle", "help@example.org", "US", "MG1", "+14155550100"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{name}, your buddy is {buddy} this week.", "begins"),
        ("This week your buddy is {buddy}.", "ends"),
        ("Hi, this week {name} {buddy} and you meet.", "side by side"),
        ("So {count} of {name} and {buddy} did.", "too much"),
    ],
)
def test_what_whatsapp_refuses_is_no_template(text: str, why: str) -> None:
    with pytest.raises(NoTemplate, match=why):
        worded(text, "en", SAMPLES, {})


def test_what_stands_around_makes_a_template_of_a_text_that_begins_and_ends_with_a_name() -> None:
    said = worded(
        "{name}, this week your buddy is {buddy}.",
        "en",
        SAMPLES,
        {},
        lead="Circle: ",
        tail=" Reply any time.",
    )
    assert said.body == "Circle: {{1}}, this week your buddy is {{2}}. Reply any time."
    assert said.samples == ("Ana", "Rosa")
    assert fit(said.body, "Circle: Ana, this week your buddy is Rosa. Reply any time.") == {
        "1": "Ana",
        "2": "Rosa",
    }


def test_what_never_changes_is_part_of_the_wording_and_buttons_follow_the_variables() -> None:
    said = worded(
        "{service} asks {name} today: is it so?", "en", SAMPLES, {"service": "Circle"}, ["Yes", "No"]
    )
    assert said.body == "Circle asks {{1}} today: is it so?"
    actions = said.types["twilio/quick-reply"]["actions"]
    assert [(action["title"], action["id"]) for action in actions] == [("Yes", "{{2}}"), ("No", "{{3}}")]
    assert set(said.variables) == {"1", "2", "3"}
    assert (
        said.key != worded("{service} asks {name} today: is it so?", "en", SAMPLES, {"service": "Ring"}).key
    )


@given(
    st.lists(
        st.sampled_from(["{name}", "{buddy}", "{count}", "we meet", "again", "?", "(both)", "{{x}}"]),
        max_size=8,
    ),
    st.fixed_dictionaries(
        {name: st.text("abñ? 3.", min_size=1, max_size=9).filter(str.strip) for name in SAMPLES}
    ),
)
def test_a_template_says_our_text_to_the_letter(pieces: list[str], values: dict[str, str]) -> None:
    text = " ".join(["Hello to all of you,", *pieces, "and see you soon then."])
    try:
        said = worded(text, "en", SAMPLES, {})
    except NoTemplate:
        return
    words = render_rich(text, values)
    variables = fit(said.body, words)
    assert variables is not None
    assert filled(said.body, variables) == words


def test_other_words_and_lines_fit_no_template() -> None:
    body = "Hi {{1}}, are you there?"
    assert fit(body, "Hi Ana, are you here?") is None
    assert fit(body, "Hi Ana\nB, are you there?") is None
    assert fit(body, f"Hi {'x' * 300}, are you there?") is None
    assert fit(body, f"Hi Ana{' ' * 5}B, are you there?") is None
    assert fit(body, f"Hi Ana{' ' * 4}B, are you there?") == {"1": f"Ana{' ' * 4}B"}


def test_every_planned_content_is_one_that_twilio_takes_and_whatsapp_has_no_fault_to_find_in(
    plan: Plan,
) -> None:
    for each in plan.wanted:
        form = {"friendly_name": each.name, "language": each.form.language}
        types, variables = check_template(
            {**form, "types": each.form.types, "variables": each.form.variables}
        )
        if each.kind != "shape":
            check_submission(each.name, "UTILITY", types)
            assert fault_of(types, variables) == "", each.name
    names = [each.name for each in plan.wanted]
    assert len(set(names)) == len(names)


def test_openers_come_first_in_every_language_then_buttons_then_what_seasons_say(plan: Plan) -> None:
    openers = [each for each in plan.wanted if each.kind == "opener"]
    assert {each.form.language for each in openers} == set(LANGUAGES)
    assert plan.wanted[: len(openers)] == openers
    texts = [each.wording or "" for each in plan.wanted if each.kind == "text"]
    assert texts[0].startswith("buddy_did/")


def test_hardly_a_text_that_opens_can_be_no_template(plan: Plan, book: FlowBook) -> None:
    assert not gaps(book)
    texts = [each for each in plan.wanted if each.kind == "text"]
    assert len(plan.unfit) < len(texts) / 10
    assert all(each.why for each in plan.unfit)


def test_what_invites_to_a_circle_hour_and_begins_it_may_open_a_conversation(plan: Plan) -> None:
    """Another flow calls them, too; where only the opener went, the hour had begun without whoever came."""
    texts = {each.wording for each in plan.wanted if each.kind == "text"}
    assert {"hour_invite/ask/say", "circle_hour/open/say", "hour_reminder/coming/say"} <= texts
