"""What the checker says of a bad flow: every problem at once, each with its place and a way to mend it."""

from __future__ import annotations

import pytest

from tests.engine.flow_folder import FlowFolder

GOOD = """\
    flow = "hello"
    title = "Hello"
    start = "ask_name"

    [ask_name]
    say.en = "What first name should we use?"
    say.es = "¿Con qué nombre te llamamos?"
    expect = "name"
    visible_to = "circle"
    save_as = "name"
    unclear.en = "Just a first name is fine."
    unclear.es = "Basta con un nombre."
    silence = [{ after = "48 hours", go = "thanks" }]
    go = { name = "look", skip = "thanks" }

    [look]
    do = "find_circle"
    go = { found = "rest", else = "thanks" }

    [rest]
    wait = "next day, her hour"
    go = "thanks"

    [thanks]
    say.en = "Thank you, {name}."
    say.es = "Gracias, {name}."
"""


def test_a_good_flow_has_no_problems_and_no_warnings(folder: FlowFolder) -> None:
    folder.write("hello", GOOD)

    book = folder.load()

    assert list(book.flows) == ["hello"]
    assert book.warnings == ()


# What is changed in the good flow -> the step, the key and a part of what is said about it.
BAD = [
    ('title = "Hello"', "", None, "title", "no title"),
    ('title = "Hello"', "title = 3", None, "title", "text in quotes"),
    ('start = "ask_name"', "", None, "start", "which step comes first"),
    ('start = "ask_name"', 'start = "ask_nam"', None, "start", 'Did you mean "ask_name"?'),
    ('title = "Hello"', 'title = "Hello"\ntitel = "H"', None, "titel", 'Did you mean "title"?'),
    ('expect = "name"', 'expects = "name"', "ask_name", "expects", 'Did you mean "expect"?'),
    ('expect = "name"', 'expect = "nmae"', "ask_name", "expect", 'nobody can expect "nmae"'),
    ('expect = "name"', 'expect = "name"\nsure = "hole"', "ask_name", "sure", 'Did you mean "whole"?'),
    ('expect = "name"', 'expect = "name"\nsure = 3', "ask_name", "sure", 'cannot be sure "3"'),
    ('expect = "name"', 'expect = "name"\nsure = { nam = "whole" }', "ask_name", "sure.nam", '"name"'),
    ('expect = "name"', 'expect = "name"\nsure = { name = "hole" }', "ask_name", "sure.name", '"whole"'),
    ('expect = "name"', 'expect = "name"\nmay_change = "yes"', "ask_name", "may_change", "true or false"),
    ('expect = "name"', 'expect = "text"\nmay_change = true', "ask_name", "may_change", "where text is"),
    ('wait = "next', 'sure = "whole"\nwait = "next', "rest", "sure", "belongs in a step that can ask"),
    ('visible_to = "circle"', "", "ask_name", "visible_to", "who will see the answer"),
    ('visible_to = "circle"', 'visible_to = "cirlce"', "ask_name", "visible_to", 'Did you mean "circle"?'),
    (
        'visible_to = "circle"',
        'visible_to = { full = "us", week_2 = "circle" }',
        "ask_name",
        "visible_to.week_2",
        "to say so",
    ),
    ('visible_to = "circle"', 'visible_to = { week_2 = "circle" }', "ask_name", "visible_to", "no `full`"),
    ('save_as = "name"', 'save_as = "First Name"', "ask_name", "save_as", "small letters"),
    ('unclear.es = "Basta con un nombre."', "", "ask_name", "unclear.es", "no translation"),
    ('say.es = "Gracias, {name}."', "", "thanks", "say.es", 'no translation to "es"'),
    ('say.es = "Gracias, {name}."', 'say.se = "G"', "thanks", "say.se", "It can be: en, es."),
    ('say.es = "Gracias, {name}."', 'say.es = " "', "thanks", "say.es", "empty"),
    ('say.es = "Gracias, {name}."', 'say.es = { plain = "G" }', "thanks", "say.es", "no `full`"),
    (
        'say.es = "Gracias, {name}."',
        'say.es = { full = "G", week_2 = "H" }',
        "thanks",
        "say.en.week_2",
        "not translated",
    ),
    (
        'say.es = "Gracias, {name}."',
        'say.es = { full = "G", plian = "H" }',
        "thanks",
        "say.es.plian",
        '"plain"',
    ),
    (
        'say.es = "Gracias, {name}."',
        'say.es = "Gracias, {nmae}."',
        "thanks",
        "say.es",
        'Did you mean "name"?',
    ),
    ('say.es = "Gracias, {name}."', 'say.es = "Gracias, {name."', "thanks", "say.es", "{"),
    (
        'say.es = "Gracias, {name}."',
        f'say.es = "{"Gracias " * 50}"',
        "thanks",
        "say.es",
        "too long: 3 segments",
    ),
    (
        '{ after = "48 hours", go = "thanks" }',
        '{ after = "soon", go = "thanks" }',
        "ask_name",
        "silence.0.after",
        "soon",
    ),
    (
        '{ after = "48 hours", go = "thanks" }',
        '{ after = "48 hours" }',
        "ask_name",
        "silence.0",
        "neither says",
    ),
    ('{ after = "48 hours", go = "thanks" }', '{ go = "thanks" }', "ask_name", "silence.0", "`after`"),
    (
        '[{ after = "48 hours", go = "thanks" }]',
        '"48 huors"',
        "ask_name",
        "silence.0.after",
        "48 huors",
    ),
    (
        '{ after = "48 hours", go = "thanks" }',
        '{ after = "48 hours", go = "thank" }',
        "ask_name",
        "silence.0.go",
        '"thanks"',
    ),
    (
        '{ after = "48 hours", go = "thanks" }',
        '{ after = "2 days", go = "thanks" }, { after = "3 days", go = "rest" }',
        "ask_name",
        "silence.1",
        "never comes",
    ),
    ('go = { name = "look", skip = "thanks" }', "", "ask_name", "go", "nothing says where it goes on"),
    (
        'go = { name = "look", skip',
        'go = { name = "loook", skip',
        "ask_name",
        "go.name",
        'Did you mean "look"?',
    ),
    ('go = { name = "look", skip', 'go = { nam = "look", skip', "ask_name", "go.nam", 'Did you mean "name"?'),
    ('go = { name = "look", skip', 'go = { unclear = "look", skip', "ask_name", "go", 'no way on for "name"'),
    ('do = "find_circle"', 'do = "find_cirlce"', "look", "do", 'Did you mean "find_circle"?'),
    (
        'go = { found = "rest", else',
        'go = { fuond = "rest", else',
        "look",
        "go.fuond",
        'Did you mean "found"?',
    ),
    (
        'go = { found = "rest", else = "thanks" }',
        'go = { found = "rest" }',
        "look",
        "go",
        'no way on for "full"',
    ),
    (
        'do = "find_circle"',
        'do = "find_circle"\nsay.en = "One moment."',
        "look",
        "say",
        "belongs in a step that can",
    ),
    ('do = "find_circle"', 'do = "find_circle"\ncall = "hello"', "look", "call", "do not go together"),
    ('wait = "next day, her hour"', 'wait = "next dya, her hour"', "rest", "wait", "next dya"),
    ('wait = "next day, her hour"\n    go = "thanks"', 'wait = "2 days"', "rest", "go", "nothing says where"),
    (
        'wait = "next day, her hour"\n    go = "thanks"',
        'call = "helo"\ngo = "end"',
        "rest",
        "call",
        '"hello"',
    ),
    ('wait = "next day, her hour"\n    go = "thanks"', 'call = "hello"\ngo = "end"', "rest", "call", "ring"),
    (
        "[thanks]",
        "[lost]\nsay = { en = 'a', es = 'b' }\n[thanks]",
        "lost",
        None,
        "nothing leads to this step",
    ),
    ("[thanks]", "[end]\nsay = { en = 'a', es = 'b' }\n[thanks]", "end", None, '"end" means the end'),
    ("[thanks]", "[Thanks]\nsay = { en = 'a', es = 'b' }\n[thanks]", "Thanks", None, "small letter"),
    ("[thanks]", "[nothing]\n[thanks]", "nothing", None, "does nothing"),
    ('flow = "hello"', 'flow = "hallo"', None, "flow", "must be the same"),
    ('flow = "hello"', "", None, "flow", 'flow = "hello"'),
]


@pytest.mark.parametrize(("good", "bad", "step", "key", "part"), BAD)
def test_a_mistake_is_named_with_its_place_and_a_way_to_mend_it(
    folder: FlowFolder, good: str, bad: str, step: str | None, key: str | None, part: str
) -> None:
    assert good in GOOD
    folder.write("hello", GOOD.replace(good, bad))

    problems = folder.problems()

    found = [problem for problem in problems if (problem.step, problem.key) == (step, key)]
    assert any(part in problem.message for problem in found), [str(problem) for problem in problems]
    assert {problem.file for problem in problems} == {"hello.toml"}


def test_all_problems_of_all_files_are_reported_at_once(folder: FlowFolder) -> None:
    folder.write("hello", GOOD.replace('"find_circle"', '"find"').replace('visible_to = "circle"', ""))
    folder.write("other", "flow = 'other'\nthis is no TOML")

    problems = folder.problems()

    assert [(problem.file, problem.step, problem.key) for problem in problems] == [
        ("hello.toml", "ask_name", "visible_to"),
        ("hello.toml", "look", "do"),
        ("other.toml", None, None),
    ]
    assert problems[2].line == 2


def test_a_problem_knows_its_line(folder: FlowFolder) -> None:
    folder.write("hello", GOOD.replace("{name}", "{nmae}"))

    assert [str(problem).split(":")[1] for problem in folder.problems()] == [
        "25 [thanks] say.en",
        "26 [thanks] say.es",
    ]


def test_a_text_and_its_variants_side_by_side_get_a_hint(folder: FlowFolder) -> None:
    folder.write("hello", GOOD + '    say.en.plain = "Thanks."\n')

    assert "say.en.full and say.en.plain" in str(folder.problems()[0])


def test_a_file_that_is_not_utf_8_says_so(folder: FlowFolder) -> None:
    (folder.path / "hello.toml").write_bytes("title = 'Círculo'".encode("latin-1"))

    assert "not UTF-8" in str(folder.problems()[0])


def test_a_byte_order_mark_of_an_editor_does_no_harm(folder: FlowFolder) -> None:
    folder.write("hello", "\ufeff" + GOOD)

    assert "hello" in folder.load().flows


def test_an_empty_folder_is_a_problem(folder: FlowFolder) -> None:
    assert "no flow files" in str(folder.problems()[0])


def test_a_file_that_cannot_be_read_is_not_blamed_on_the_flow_that_calls_it(folder: FlowFolder) -> None:
    folder.write("hello", GOOD.replace('wait = "next day, her hour"', 'call = "other"'))
    folder.write("other", "no TOML")

    assert {problem.file for problem in folder.problems()} == {"other.toml"}


def test_two_files_cannot_hold_one_flow(folder: FlowFolder) -> None:
    folder.write("hello", GOOD)
    folder.write("hello_again", GOOD)

    messages = [problem.message for problem in folder.problems()]

    assert any('hello.toml is called "hello" as well' in message for message in messages)


RING = """\
    flow = "{name}"
    title = "Ring"
    start = "one"

    [one]
    do = "look_again"
    go = {{ yes = "two", no = "end" }}

    [two]
    {two}
    go = "one"
"""


def test_steps_that_go_round_without_waiting_are_found(folder: FlowFolder) -> None:
    folder.write("round", RING.format(name="round", two="say = { en = 'a', es = 'b' }"))

    (problem,) = folder.problems()
    assert problem.message.removeprefix("it goes round without ever waiting: ") in (
        "one -> two -> one.",
        "two -> one -> two.",
    )


def test_a_ring_that_waits_is_allowed(folder: FlowFolder) -> None:
    folder.write("round", RING.format(name="round", two="wait = '2 days'"))

    assert "round" in folder.load().flows


def test_a_ring_through_a_called_flow_that_never_waits_is_found(folder: FlowFolder) -> None:
    folder.write("round", RING.format(name="round", two="call = 'short'"))
    folder.write("short", "flow='short'\ntitle='S'\nstart='a'\n[a]\nsay={en='a', es='b'}\n")

    assert [problem.file for problem in folder.problems()] == ["round.toml"]


def test_a_ring_through_a_called_flow_that_waits_is_allowed(folder: FlowFolder) -> None:
    folder.write("round", RING.format(name="round", two="call = 'slow'"))
    folder.write("slow", "flow='slow'\ntitle='S'\nstart='a'\n[a]\nwait='2 days'\ngo='end'\n")

    assert "round" in folder.load().flows


def test_flows_that_call_each_other_are_found(folder: FlowFolder) -> None:
    for name, other in (("ping", "pong"), ("pong", "ping")):
        folder.write(
            name,
            f"flow='{name}'\ntitle='P'\nstart='a'\n[a]\nwait='2 days'\ngo='b'\n[b]\ncall='{other}'\ngo='end'",
        )

    assert [problem.key for problem in folder.problems()] == ["call"]


CHOICE = """\
    flow = "pick"
    title = "Pick"
    start = "ask"

    [ask]
    say.en = "Does anyone else see this phone? 1 no, 2 yes."
    say.es = "¿Alguien más ve este celular? 1 no, 2 sí."
    expect = "choice"
    visible_to = "us"
    save_as = "phone"
    unclear.en = "1 or 2?"
    unclear.es = "¿1 o 2?"
    go = { alone = "end", shared = "end" }

    [ask.choices]
    alone = { en = ["no", "just me"], es = "no" }
    shared = { en = "yes", es = ["sí"] }
"""


def test_a_choice_comes_to_its_own_keys(folder: FlowFolder) -> None:
    folder.write("pick", CHOICE)

    step = folder.load().flow("pick").steps["ask"]

    assert [option.key for option in step.options] == ["alone", "shared"]
    assert step.options[0].words == {"en": ("no", "just me"), "es": ("no",)}


@pytest.mark.parametrize(
    ("good", "bad", "key", "part"),
    [
        ("alone = { en", "alnoe = { en", "go.alone", 'Did you mean "alnoe"?'),
        ('es = ["sí"]', 'es = "No"', "choices.shared", '"No" is a word of "alone" as well'),
        (', es = "no"', "", "choices.alone.es", "no translation"),
        ('es = "no"', "es = []", "choices.alone.es", "not empty"),
        ('expect = "choice"', 'expect = "text"', "choices", 'only a step with expect = "choice"'),
        ('visible_to = "us"', 'visible_to = "us"\nchoices_from = "places"', "choices", "either"),
        ("alone = { en", "unclear = { en", "choices.unclear", "cannot be the name"),
    ],
)
def test_a_bad_choice_is_explained(folder: FlowFolder, good: str, bad: str, key: str, part: str) -> None:
    assert good in CHOICE
    folder.write("pick", CHOICE.replace(good, bad))

    problems = folder.problems()

    assert any(problem.key == key and part in problem.message for problem in problems), [
        str(p) for p in problems
    ]


FROM = """\
    flow = "pick"
    title = "Pick"
    start = "ask"

    [ask]
    say = { en = "Which one?", es = "¿Cuál?" }
    expect = "choice"
    choices_from = "places"
    visible_to = "us"
    save_as = "place"
    unclear = { en = "Which?", es = "¿Cuál?" }
    go = { chosen = "end" }
"""


def test_a_choice_from_data_comes_to_chosen(folder: FlowFolder) -> None:
    folder.write("pick", FROM)

    assert folder.load().flow("pick").steps["ask"].choices_from == "places"


def test_an_answer_cannot_be_saved_over_the_list_it_is_chosen_from(folder: FlowFolder) -> None:
    folder.write("pick", FROM.replace('save_as = "place"', 'save_as = "places"'))

    assert [problem.key for problem in folder.problems()] == ["save_as"]


def test_two_kinds_of_answer_cannot_have_one_name(folder: FlowFolder) -> None:
    folder.write(
        "hello",
        GOOD.replace('go = { name = "look", skip = "thanks" }', 'go = "again"')
        + """
    [again]
    say = { en = "Sure?", es = "¿Seguro?" }
    expect = "yes_no"
    visible_to = "us"
    save_as = "name"
    unclear = { en = "Yes or no?", es = "¿Sí o no?" }
    go = "look"
""",
    )

    assert [(problem.step, problem.key) for problem in folder.problems()] == [("again", "save_as")]


def test_a_text_of_two_segments_is_a_warning_with_its_cost(folder: FlowFolder) -> None:
    folder.write("hello", GOOD.replace("Thank you, {name}.", "Thank you, {name}. " + "x" * 150))

    book = folder.load()

    assert [str(w) for w in book.warnings] == [
        "hello.toml:25 [thanks] say.en: 2 segments at worst: costs double for everyone."
    ]


def test_the_longest_fill_counts_not_the_usual_one(folder: FlowFolder) -> None:
    folder.write("hello", GOOD.replace("Thank you, {name}.", "{goal}{goal} Well done."))

    assert ["2 segments" in warning.message for warning in folder.load().warnings] == [True]


def test_a_costly_character_is_named(folder: FlowFolder) -> None:
    folder.write("hello", GOOD.replace("Thank you, {name}.", "Thank you, {name} \N{YELLOW HEART}"))

    (warning,) = folder.load().warnings

    assert warning.message.startswith('"\N{YELLOW HEART}" makes it UCS-2')


def test_characters_that_rendering_replaces_cost_nothing(folder: FlowFolder) -> None:
    folder.write("hello", GOOD.replace("Gracias, {name}.", "“Gracias” — aquí está {name}…"))

    assert folder.load().warnings == ()


def test_every_text_is_measured_at_its_worst(folder: FlowFolder) -> None:
    folder.write("hello", GOOD)

    measured = {(text.step, text.key): (text.encoding, text.segments) for text in folder.load().measured}

    assert measured[("thanks", "say.es")] == ("GSM-7", 1)
    assert len(measured) == 6


def test_doubled_braces_are_no_fill(folder: FlowFolder) -> None:
    folder.write("hello", GOOD.replace("Thank you, {name}.", "Write {{your name}} here."))

    assert folder.load().warnings == ()


def test_notices_only_say(folder: FlowFolder) -> None:
    folder.write("hello", GOOD)
    folder.write("notices", "flow='notices'\n[help]\nsay={en='Help.', es='Ayuda.'}\n")
    assert folder.load().notice("help")["es"]["full"] == "Ayuda."

    folder.write("notices", "flow='notices'\n[help]\nsay={en='Help {you}.', es='Ayuda.'}\ngo='end'\n")
    assert [problem.key for problem in folder.problems()] == ["say.en", "go"]


COMMANDS = """\
    flow = "commands"

    [join]
    words.en = ["join {code}", "join"]
    words.es = "unirme {code}"
    who = "anyone"
    starts = "hello"
    interrupts = true
"""


def test_commands_are_read(folder: FlowFolder) -> None:
    folder.write("hello", GOOD)
    folder.write("commands", COMMANDS)

    command = folder.load().commands["join"]

    assert command.words == {"en": ("join {code}", "join"), "es": ("unirme {code}",)}
    assert (command.who, command.starts, command.interrupts) == ("anyone", "hello", True)


@pytest.mark.parametrize(
    ("good", "bad", "key", "part"),
    [
        ('who = "anyone"', 'who = "anyon"', "who", 'Did you mean "anyone"?'),
        ('who = "anyone"', "", "who", "a command needs `who`"),
        ('starts = "hello"', 'starts = "helo"', "starts", 'Did you mean "hello"?'),
        ('words.es = "unirme {code}"', "", "words.es", "no translation"),
        ('"unirme {code}"', '"unirme {Code}"', "words", "no name for a slot"),
        ('"unirme {code}"', '"unirme {color}"', "words.es", "unknown slot {color}"),
        ('"join"]', '"{code}"]', "words.en", "no keyword"),
        ('"unirme {code}"', '"unirme {place}"', "words", "one slot"),
        ("interrupts = true", 'interrupts = "yes"', "interrupts", "true or false"),
        ("interrupts = true", 'interrupts = "ask"', "interrupts", '"asked"'),
        ("interrupts = true", "interupts = true", "interupts", 'Did you mean "interrupts"?'),
    ],
)
def test_a_bad_command_is_explained(folder: FlowFolder, good: str, bad: str, key: str, part: str) -> None:
    assert good in COMMANDS
    folder.write("hello", GOOD)
    folder.write("commands", COMMANDS.replace(good, bad))

    problems = folder.problems()

    assert any(problem.key == key and part in problem.message for problem in problems), [
        str(p) for p in problems
    ]


def test_two_commands_cannot_listen_to_the_same_words(folder: FlowFolder) -> None:
    folder.write("hello", GOOD)
    folder.write(
        "commands",
        COMMANDS + "\n    [enter]\n    words = { en = 'JOIN {number}', es = 'entrar' }\n"
        "    who = 'host'\n    starts = 'hello'\n",
    )

    assert ['"join" listens' in problem.message for problem in folder.problems()] == [True]


@pytest.mark.parametrize(("slot", "refused"), [("person", False), ("text", True), ("date", True)])
def test_a_name_is_told_apart_from_a_number_but_not_from_any_words(
    folder: FlowFolder, slot: str, refused: bool
) -> None:
    folder.write("hello", GOOD)
    rest = "    who = 'host'\n    starts = 'hello'\n"
    two = "\n    [two]\n    words = { en = 'PAUSE {number}', es = 'pausa' }\n"
    whom = f"\n    [whom]\n    words = {{ en = 'PAUSE {{{slot}}}', es = 'alguien' }}\n"
    folder.write("commands", COMMANDS + two + rest + whom + rest)
    if refused:
        assert [problem.message for problem in folder.problems()] == [
            f'"PAUSE {{{slot}}}" is what "two" listens to.'
        ]
    else:
        assert "whom" in folder.load().commands


def test_programs_are_left_alone(folder: FlowFolder) -> None:
    folder.write("hello", GOOD)
    (folder.path / "programs").mkdir()
    (folder.path / "programs" / "eight_weeks.toml").write_text("weeks = 8")

    assert list(folder.load().flows) == ["hello"]


def test_of_free_words_nobody_can_be_sure(folder: FlowFolder) -> None:
    asks = 'expect = "text"\n    sure = "whole"'
    folder.write("hello", GOOD.replace('expect = "name"', asks).replace("{ name =", "{ text ="))

    (problem,) = folder.problems()

    assert (problem.step, problem.key) == ("ask_name", "sure")
    assert "cannot be asked of a text" in problem.message
