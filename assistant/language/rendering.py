"""Turns a flow's text and the values of its placeholders into the words that one person reads."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from string import ascii_lowercase, digits
from typing import Final

from assistant.language.languages import LANGUAGES, Language
from assistant.language.sms.gsm7 import to_gsm7


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What may stand for a `{name}` in a text.

    Attributes:
        name: The name between the braces.
        longest: The most characters that its value can have; lengths of texts are checked with it.
        sample: Language -> an example of it, for drawings, the author's guide and play in the terminal.
        plain: Language -> what stands instead on a shared phone; empty when the value may be seen there.
    """

    name: str
    longest: int
    sample: Mapping[str, str]
    plain: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Placeholder:
    name: str


def placeholders(text: str) -> tuple[str, ...]:
    """Return the names in {braces}, in order, as often as they stand there; "{{" and "}}" are mere braces.

    Raises:
        ValueError: Where a brace stands alone or a name is not lower-case letters, digits and "_".
    """
    return tuple(piece.name for piece in _pieces(text) if isinstance(piece, _Placeholder))


def render(text: str, placeholders: Mapping[str, str], *, verbatim: Collection[str] = ()) -> str:
    """Return the text as it goes out by SMS: filled, and written in signs of GSM-7 so that it stays short.

    Args:
        text: What the flow says.
        placeholders: Name -> value; more than the text needs is fine. Line breaks in a value become spaces.
        verbatim: Names of placeholders that members wrote to each other: kept to the letter, at any cost.

    Raises:
        KeyError: If the text names one that is not given; the flow checker keeps this from happening.
        ValueError: As for `placeholders`.
    """
    written = []
    for piece in _pieces_in_gsm7(text):
        if isinstance(piece, str):
            written.append(piece)
        elif piece.name in verbatim:
            written.append(_value(piece, placeholders))
        else:
            written.append(to_gsm7(" ".join(_value(piece, placeholders).split())))
    return "".join(written).strip()


def render_rich(text: str, placeholders: Mapping[str, str]) -> str:
    """Return the text as WhatsApp and pages show it: filled, and not a sign of it replaced.

    Raises:
        KeyError: As for `render`.
        ValueError: As for `placeholders`.
    """
    written = (piece if isinstance(piece, str) else _value(piece, placeholders) for piece in _pieces(text))
    return "".join(written).strip()


def worst_case(text: str, placeholders: Mapping[str, Placeholder]) -> str:
    """Return the text by SMS with every placeholder at its longest, to be measured.

    Raises:
        KeyError: If the text names one that nobody declared.
        ValueError: As for `placeholders`.
    """
    return render(text, {name: "W" * placeholder.longest for name, placeholder in placeholders.items()})


def forget_texts() -> None:
    """Let go of how texts are put together: of those that were read to be checked, most are rarely said."""
    _pieces.cache_clear()
    _pieces_in_gsm7.cache_clear()


def _value(placeholder: _Placeholder, placeholders: Mapping[str, str]) -> str:
    try:
        return placeholders[placeholder.name]
    except KeyError:
        given = ", ".join(sorted(placeholders)) or "none"
        raise KeyError(f"nobody fills {{{placeholder.name}}}; given: {given}") from None


_NAME_SIGNS: Final = frozenset(ascii_lowercase + digits + "_")


# The texts are those of the flow files: a few hundred, each rendered thousands of times.
@lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[str | _Placeholder, ...]:
    pieces: list[str | _Placeholder] = []
    literal: list[str] = []
    at = 0
    while at < len(text):
        sign = text[at]
        if sign not in "{}":
            literal.append(sign)
            at += 1
        elif text[at + 1 : at + 2] == sign:
            literal.append(sign)
            at += 2
        else:
            name = _name_at(text, at)
            pieces += ["".join(literal), _Placeholder(name)]
            literal = []
            at += len(name) + 2
    return tuple(piece for piece in [*pieces, "".join(literal)] if piece)


def _name_at(text: str, at: int) -> str:
    """The name in the braces that open at `at`."""
    where = f"at character {at + 1} of {text!r}"
    closing = text.find("}", at)
    if text[at] == "}" or closing < 0:
        raise ValueError(
            f'A lone "{text[at]}" {where}: write it twice to have it read, or close the {{name}}.'
        )
    name = text[at + 1 : closing]
    if not name or name[0] not in ascii_lowercase or not _NAME_SIGNS.issuperset(name):
        raise ValueError(
            f'"{{{name}}}" {where} is no name of a placeholder: those are lower-case letters, digits and '
            '"_", beginning with a letter. A brace to be read is written twice.'
        )
    return name


@lru_cache(maxsize=4096)
def _pieces_in_gsm7(text: str) -> tuple[str | _Placeholder, ...]:
    return tuple(to_gsm7(piece) if isinstance(piece, str) else piece for piece in _pieces(text))


def readable_time(hour: int, minute: int, language: str) -> str:
    """Return a local time of day as people text it in a language: "6pm", "6:30pm", "18:30".

    Raises:
        ValueError: If there is no such time, or no such language.
    """
    clock = _known(language).clock
    if not (0 <= hour < 24 and 0 <= minute < 60):
        raise ValueError(f"There is no time {hour}:{minute:02}.")
    if clock == 24:
        return f"{hour}:{minute:02}"
    half = "am" if hour < 12 else "pm"
    return f"{hour % 12 or 12}{f':{minute:02}' if minute else ''}{half}"


def readable_day(day: date, language: str) -> str:
    """Return the day of the week: "Monday", "lunes".

    Raises:
        ValueError: If there is no such language.
    """
    return _known(language).days[day.weekday()]


def readable_date(day: date, language: str) -> str:
    """Return the day of the year: "May 30", "30 de mayo".

    Raises:
        ValueError: If there is no such language.
    """
    words = _known(language)
    return words.date_format.format(month=words.months[day.month - 1], day=day.day)


def _known(code: str) -> Language:
    if code not in LANGUAGES:
        raise ValueError(
            f"There are no words for the language {code!r}; there are for {', '.join(LANGUAGES)}."
        )
    return LANGUAGES[code]
