"""Turns a flow's text and its fills into the words that one person reads."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from string import ascii_lowercase, digits
from typing import Final

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
    """The names in {braces}, in order, as often as they stand there; "{{" and "}}" are braces to be read.

    Raises:
        ValueError: Where a brace stands alone or a name is not lower-case letters, digits and "_".
    """
    return tuple(piece.name for piece in _pieces(text) if isinstance(piece, _Placeholder))


def render(text: str, placeholders: Mapping[str, str], *, verbatim: Collection[str] = ()) -> str:
    """The text as it goes out by SMS: filled, and written with the signs of GSM-7 so that it stays short.

    Args:
        text: What the flow says.
        fills: Name -> value; more than the text needs is fine. Line breaks in a value become spaces.
        carry: Names of fills that members wrote to each other: carried to the letter, whatever they cost.

    Raises:
        KeyError: If the text names a fill that is not given; the flow checker keeps this from happening.
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
    """The text as WhatsApp and pages show it: filled, and not a sign of it replaced.

    Raises:
        KeyError: As for `render`.
        ValueError: As for `placeholders`.
    """
    written = (piece if isinstance(piece, str) else _value(piece, placeholders) for piece in _pieces(text))
    return "".join(written).strip()


def worst_case(text: str, placeholders: Mapping[str, Placeholder]) -> str:
    """The text by SMS with every fill at its longest, to be measured.

    Raises:
        KeyError: If the text names a fill that nobody declared.
        ValueError: As for `placeholders`.
    """
    return render(text, {name: "W" * placeholder.longest for name, placeholder in placeholders.items()})


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
            f'"{{{name}}}" {where} is no name of a fill: those are lower-case letters, digits and "_", '
            "beginning with a letter. A brace to be read is written twice."
        )
    return name


@lru_cache(maxsize=4096)
def _pieces_in_gsm7(text: str) -> tuple[str | _Placeholder, ...]:
    return tuple(to_gsm7(piece) if isinstance(piece, str) else piece for piece in _pieces(text))


_DAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
_MONTHS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "es": (
        *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
        *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
}
_DATES: Final[Mapping[str, str]] = {"en": "{month} {day}", "es": "{day} de {month}"}


def readable_time(hour: int, minute: int, language: str) -> str:
    """A local time of day as people text it: "6pm", "6:30pm", the same in English and Spanish.

    Raises:
        ValueError: If there is no such time, or no words for `language`.
    """
    _known(language)
    if not (0 <= hour < 24 and 0 <= minute < 60):
        raise ValueError(f"There is no time {hour}:{minute:02}.")
    half = "am" if hour < 12 else "pm"
    return f"{hour % 12 or 12}{f':{minute:02}' if minute else ''}{half}"


def readable_day(day: date, language: str) -> str:
    """The day of the week: "Monday", "lunes".

    Raises:
        ValueError: If there are no words for `language`.
    """
    return _DAYS[_known(language)][day.weekday()]


def readable_date(day: date, language: str) -> str:
    """The day of the year: "May 30", "30 de mayo".

    Raises:
        ValueError: If there are no words for `language`.
    """
    return _DATES[_known(language)].format(month=_MONTHS[language][day.month - 1], day=day.day)


def _known(language: str) -> str:
    if language not in _DAYS:
        raise ValueError(
            f"There are no words for the language {language!r}; there are for {', '.join(_DAYS)}."
        )
    return language
