"""What asks and what people know have in common, across languages; and what a host looks at first."""

from __future__ import annotations

from assistant.language.exchange.money_and_links import needs_look
from assistant.language.exchange.topics import likeness, topics_in
from tests.case_tables import each_case


@each_case(
    ("wanted", "known"),
    [
        ("practice interview by Tuesday", "entrevistas y currículos"),
        ("does anybody know about rent help?", "I went through an eviction"),
        ("clases de inglés", "english tutoring"),
        ("braids for my daughter", "trenzas"),
        ("alguien que arregle una puerta", "carpentry and repairs"),
        ("knitting for beginners", "I knit every evening"),
    ],
)
def test_what_is_alike_is_found_in_either_language(wanted: str, known: str) -> None:
    assert likeness(wanted, known) > 0


@each_case(
    ("wanted", "known"),
    [
        ("a car seat", "care for elders"),
        ("practice interview by Tuesday", "I am free on Tuesday"),
        ("rent", ""),
    ],
)
def test_what_only_looks_alike_is_not(wanted: str, known: str) -> None:
    assert likeness(wanted, known) == 0


def test_the_nearer_weighs_more() -> None:
    wanted = "practice interview for an office job"
    assert likeness(wanted, "interviews and office work") > likeness(wanted, "interviews")


def test_a_text_may_have_several_topics() -> None:
    assert {"interview", "resume"} <= topics_in("interviews and resumes")


@each_case(
    "text",
    [
        "can someone lend me 200",
        "need $300 for rent",
        "can you help me with $40",
        "prestar 500 pesos",
        "my cashapp is $ana",
        "apply at www.jobs.example.com",
        "https://x.example/y",
        "una colecta para mi vecina",
    ],
)
def test_money_and_links_are_looked_at_first(text: str) -> None:
    assert needs_look(text)


@each_case(
    "text",
    [
        "front desk job, $18 an hour",
        "help with a budget and saving money",
        "send me your resume",
        "practice interview by Tuesday",
        "ayuda con mi presupuesto",
    ],
)
def test_a_wage_or_a_budget_is_no_request(text: str) -> None:
    assert not needs_look(text)
