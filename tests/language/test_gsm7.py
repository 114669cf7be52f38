"""Our words reach an old phone whole, and cost what they must."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.language.sms.gsm7 import BASIC, EXTENSION, is_gsm7, septets, to_gsm7
from tests.case_tables import each_case

KEPT = "ñÑéÉüÜ¿¡àèìòùÇßäöåøæ@£$¥Δ€"


@each_case(
    ("typed", "sent"),
    [
        ("¿Cómo estás, María? Di sí o tú", "¿Como estas, Maria? Di si o tu"),
        ("ÁÍÓÚ ÀÈ âêîôû ãõ ç", "AIOU AE aeiou ao c"),
        ("“Hi” ‘you’ «tú» it’s", '"Hi" \'you\' "tu" it\'s'),
        ("wait… a – b — c • d", "wait... a - b - c - d"),
        ("9\u00a0am\u202fto\u20095\tpm", "9 am to 5 pm"),
        ("zero\u200bwidth\ufeff and so\u00adft", "zerowidth and soft"),
        ("Łukasz Đorđe Œuvre ﬁne ½ №", "Lukasz Dorde OEuvre fine 1/2 No"),
        ("𝓜𝓪𝓻𝓲𝓪 Ｒｏｓａ", "Maria Rosa"),
        ("e\u0301 n\u0303 a\u0301 q\u0303", "é ñ a q"),
        ("back`tick´", "back'tick'"),
        ("a\u2028b\x00c", "a\nbc"),
    ],
)
def test_our_words_are_written_as_on_an_old_phone(typed: str, sent: str) -> None:
    assert to_gsm7(typed) == sent
    assert is_gsm7(sent)


@each_case(
    "text",
    ["🎉 👩‍👩‍👧‍👦 👍🏽 🇲🇽", "1️⃣ ℹ️ ❤️ ™️", "مَرحبا", "你好", "नमस्ते", "Ώρα ά", "\u062f\u200c\u0646", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"],
)
def test_emoji_and_other_scripts_stay_as_they_are(text: str) -> None:
    assert to_gsm7(text) == text
    assert not is_gsm7(text)


def test_an_accent_beside_an_emoji_is_still_dropped() -> None:
    assert to_gsm7("sí 🎉 “ya”") == 'si 🎉 "ya"'


def test_extension_characters_cost_two_septets() -> None:
    assert septets("^{}[]~|\\€\f") == 20
    assert septets("é@a\n") == 4


def test_the_alphabet_is_the_one_of_the_standard() -> None:
    assert len(set(BASIC)) == 127  # 128 codes, less the escape
    assert len(set(EXTENSION)) == 10
    assert not {"`", "ç", "\t", "á", "’"} & set(BASIC + EXTENSION)


@given(st.text())
@settings(max_examples=300)
def test_writing_for_gsm7_twice_changes_nothing_more(text: str) -> None:
    once = to_gsm7(text)
    assert to_gsm7(once) == once


@given(st.text(alphabet=st.sampled_from("aeioun ñéÑáí\u0301\u0303\u200b\u200d\ufe0f\u20e31👩😀Łα\u2028“")))
@settings(max_examples=300)
def test_marks_and_joiners_in_any_order_settle_at_once(text: str) -> None:
    once = to_gsm7(text)
    assert to_gsm7(once) == once


@given(st.text(alphabet=st.sampled_from(KEPT + "áíóú“”—🎉 abc")))
@settings(max_examples=200)
def test_letters_that_gsm7_has_are_never_changed(text: str) -> None:
    before = [sign for sign in text if sign in KEPT]
    after = [sign for sign in to_gsm7(text) if sign in KEPT]
    assert after == before


@given(st.text(alphabet=st.characters(max_codepoint=0x24F, categories=("Lu", "Ll"))))
@settings(max_examples=200)
def test_a_name_in_accented_latin_letters_needs_no_ucs2(name: str) -> None:
    decomposable = [sign for sign in name if unicodedata.normalize("NFKD", sign)[0].isascii()]
    assert is_gsm7(to_gsm7("".join(decomposable)))
