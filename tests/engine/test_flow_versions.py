"""Which version of a flow holds: the movement a conversation began with, always in today's words."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from assistant.engine import (
    EngineError,
    FlowBook,
    Place,
    UnknownVersion,
    advance,
    audience,
    flow_from_source,
    source_of,
)
from tests.engine.flow_folder import FlowFolder

FLOW = """\
    flow = "promise"
    title = "The promise"
    start = "ask"

    [ask]
    say.en = "What is said here stays here. OK?"
    say.es = "Lo dicho aquí, aquí se queda. ¿OK?"
    expect = "agree"
    visible_to = "circle"
    save_as = "promise"
    unclear = { en = "OK?", es = "¿OK?" }
    silence = [
        { after = "48 hours", say = { en = "Still here?", es = "¿Sigues?" } },
        { after = "7 days", go = "end" },
    ]
    go = { agree = "phone", else = "end" }

    [phone]
    say = { en = "Just you? 1 yes, 2 no", es = "¿Solo tú? 1 sí, 2 no" }
    expect = "choice"
    visible_to = { full = "us" }
    unclear = { en = "1 or 2?", es = "¿1 o 2?" }
    go = "end"

    [phone.choices]
    alone = { en = "yes", es = "sí" }
    shared = { en = "no", es = "no way" }
"""


def read(folder: FlowFolder, *changes: tuple[str, str]) -> FlowBook:
    text = FLOW
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    folder.write("promise", text)
    return folder.load()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("stays here. OK?", "stays here. Do you agree?"),
        ('title = "The promise"', 'title = "Our promise"'),
        ('title = "The promise"', 'title = "The promise"\n    about = "Said once."'),
        ('alone = { en = "yes"', 'alone = { en = ["yes", "just me"]'),
        ('en = "Still here?"', 'en = "Are you there?"'),
        ('expect = "agree"', 'expect = "agree"\n    sure = "whole"'),
        ('visible_to = "circle"\n    save_as = "promise"', 'save_as = "promise"\n    visible_to = "circle"'),
    ],
)
def test_other_words_are_the_same_version(folder: FlowFolder, old: str, new: str) -> None:
    before = read(folder).flow("promise").version

    assert read(folder, (old, new)).flow("promise").version == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('agree = "phone", else = "end"', 'agree = "phone", no = "phone", else = "end"'),
        ('expect = "agree"', 'expect = "text"'),
        ('visible_to = "circle"', 'visible_to = "host"'),
        ('save_as = "promise"', 'save_as = "said_ok"'),
        ('after = "48 hours"', 'after = "72 hours"'),
        ("alone =", "only_me ="),
        ('go = { agree = "phone", else = "end" }', 'go = "phone"'),
    ],
)
def test_another_road_is_another_version(folder: FlowFolder, old: str, new: str) -> None:
    before = read(folder).flow("promise").version
    changes = [(old, new)]
    if "text" in new:
        changes.append(('go = { agree = "phone", else = "end" }', 'go = { text = "phone", else = "end" }'))

    after = read(folder, *changes).flow("promise").version

    assert after != before
    assert len(after) == 16
    assert set(after) <= set("0123456789abcdef")


def test_the_order_of_options_is_movement_since_numbers_choose_them(folder: FlowFolder) -> None:
    before = read(folder).flow("promise").version
    alone, shared = FLOW.splitlines()[-2:]

    assert read(folder, (f"{alone}\n{shared}", f"{shared}\n{alone}")).flow("promise").version != before


def test_how_sure_an_answer_must_be_is_always_todays(folder: FlowFolder) -> None:
    old = read(folder, ('agree = "phone"', 'agree = "end", no = "phone"')).flow("promise")
    today = read(folder, ('expect = "agree"', 'expect = "agree"\n    sure = { agree = "whole" }'))
    today.remember(source_of(old))

    assert today.sure("promise", "ask", old.version) == {"agree": "whole"}
    assert today.sure("promise", "phone", old.version) == {}


def test_a_step_that_is_gone_today_is_as_sure_as_its_version_said(folder: FlowFolder) -> None:
    sure = ('expect = "agree"', 'expect = "agree"\n    sure = "whole"')
    old = read(folder, sure).flow("promise")
    today = read(folder, ("[ask]", "[asked]"), ('start = "ask"', 'start = "asked"'))
    today.remember(source_of(old))

    assert today.sure("promise", "ask", old.version) == {"*": "whole"}


def test_a_stored_version_comes_back_whole(folder: FlowFolder) -> None:
    flow = read(folder).flow("promise")

    assert flow_from_source(json.loads(json.dumps(source_of(flow)))) == flow


def test_a_stored_version_with_keys_of_another_day_is_read(folder: FlowFolder) -> None:
    source = json.loads(json.dumps(source_of(read(folder).flow("promise"))))
    source["steps"]["ask"]["mood"] = "warm"
    source["steps"]["phone"]["expect"] = "telepathy"
    source["version"] = "0123456789abcdef"

    flow = flow_from_source(source)

    assert (flow.version, flow.steps["phone"].expect) == ("0123456789abcdef", "telepathy")


def test_a_conversation_keeps_to_the_road_it_began_on(folder: FlowFolder) -> None:
    old = read(folder).flow("promise")
    today = read(
        folder,
        ('agree = "phone"', 'agree = "end"'),
        ("[phone]", "[phone_]"),
        ("[phone.", "[phone_."),
        ('else = "end"', 'no = "phone_", else = "end"'),
    )
    here = Place("promise", old.version, "ask")

    with pytest.raises(UnknownVersion):
        advance(today, here, "agree")
    today.remember(source_of(old))

    assert advance(today, here, "agree").place == Place("promise", old.version, "phone")


def test_a_corrected_sentence_reaches_who_is_on_an_old_road(folder: FlowFolder) -> None:
    old = read(folder).flow("promise")
    today = read(
        folder, ("stays here. OK?", "stays here. Promise?"), ('visible_to = "circle"', 'visible_to = "host"')
    )

    assert today.texts("promise", "ask", "say", old.version)["en"]["full"].endswith("Promise?")


def test_a_step_that_is_gone_keeps_its_old_words(folder: FlowFolder) -> None:
    old = read(folder).flow("promise")
    start = FLOW.index("    [phone]")
    folder.write("promise", FLOW[:start].replace('"phone"', '"end"'))
    today = folder.load()

    with pytest.raises(UnknownVersion):
        today.texts("promise", "phone", "say", old.version)
    today.remember(source_of(old))

    assert today.texts("promise", "phone", "say", old.version)["en"]["full"].startswith("Just you?")
    assert [option.key for option in today.options("promise", "phone", old.version)] == ["alone", "shared"]


def test_a_silence_s_text_is_found_by_its_number(folder: FlowFolder) -> None:
    book = read(folder)
    version = book.flow("promise").version

    assert book.texts("promise", "ask", "silence.0", version)["en"]["full"] == "Still here?"
    with pytest.raises(EngineError, match=r"no text .silence\.1."):
        book.texts("promise", "ask", "silence.1", version)
    with pytest.raises(EngineError, match="no part"):
        book.texts("promise", "ask", "shout", version)


def test_options_keep_their_keys_and_take_todays_words(folder: FlowFolder) -> None:
    old = read(folder).flow("promise")
    today = read(
        folder,
        ('alone = { en = "yes", es = "sí" }', 'alone = { en = ["yes", "just me"], es = "sí" }'),
        ("shared = {", "many = {"),
    )
    today.remember(source_of(old))

    options = {option.key: option.words["en"] for option in today.options("promise", "phone", old.version)}

    assert options == {"alone": ("yes", "just me"), "shared": ("no",)}


def test_a_wider_audience_of_today_does_not_open_what_was_asked_in_private(folder: FlowFolder) -> None:
    pinned = read(folder, ('visible_to = "circle"', 'visible_to = "us"')).flow("promise").steps["ask"]
    today = read(folder).flow("promise").steps["ask"]

    assert audience(pinned, today, {}) == "us"
    assert audience(today, pinned, {}) == "us"
    assert audience(today, None, {}) == "circle"


def test_a_question_that_lost_its_audience_is_for_nobody_else(folder: FlowFolder) -> None:
    stripped = replace(read(folder).flow("promise").steps["ask"], visible_to={})

    assert audience(stripped, None, {}) == "us"


def test_the_book_forgets_the_least_used_of_many_old_versions(folder: FlowFolder) -> None:
    book = read(folder)
    source = dict(source_of(book.flow("promise")))
    for number in range(300):
        book.remember({**source, "version": f"{number:016x}"})

    with pytest.raises(UnknownVersion):
        book.pinned("promise", f"{0:016x}")
    assert book.pinned("promise", f"{299:016x}").version == f"{299:016x}"
    assert book.pinned("promise", book.flow("promise").version) is book.flow("promise")


def test_a_mere_time_is_a_silence_that_ends_the_flow(folder: FlowFolder) -> None:
    silence = FLOW[FLOW.index("    silence = [") : FLOW.index("    go = { agree")]
    long = read(folder, (silence, '    silence = [{ after = "24 hours", go = "end" }]\n'))
    short = read(folder, (silence, '    silence = "24 hours"\n'))

    assert short.flow("promise").steps["ask"].silence == long.flow("promise").steps["ask"].silence
    assert short.flow("promise").version == long.flow("promise").version
