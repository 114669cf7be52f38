"""Brings a text about days to plain words: ordinals in digits, denied days taken out."""

import re

from assistant.language.folding import fold
from assistant.language.replies.numbers import plain_digits
from assistant.language.times.weekdays import WEEKDAY

_READ = 400  # characters: no day is named in more
_ORDINALS = dict(
    enumerate(
        (
            *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"),
            *("eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth"),
            *("eighteenth", "nineteenth", "twentieth"),
        ),
        1,
    )
)
_ORDINALS |= {20 + unit: f"twenty {_ORDINALS[unit]}" for unit in range(1, 10)} | {
    30: "thirtieth",
    31: "thirty first",
}
_BY_WORD = {word: number for number, word in _ORDINALS.items()}
_ANY_ORDINAL = "|".join(sorted(_BY_WORD, key=len, reverse=True)).replace(" ", "[ -]")
_ORDINAL = re.compile(rf"\bthe ({_ANY_ORDINAL})\b")

_A_DAY = rf"(?:{WEEKDAY}|tomorrow|today|tonight|manana|hoy)s?"
_NO_DENIAL = "until|till|til|later|before|hasta|forget|mas|despues|olvid|antes"
_DENIED = re.compile(
    rf"\b(?:not|cant|cannot|dont|no)(?: (?!{_NO_DENIAL})[a-z]+){{0,2}} "
    rf"(?:(?:on|the|el|este|this|next|esta) )*{_A_DAY}\b"
    rf"|\b{_A_DAY} (?:no|not|doesnt|cant|wont|isnt)\b(?! (?:later|mas))"
)
_NOT_THIS_ONE = re.compile(rf"\bnot this (?:{WEEKDAY})|este (?:{WEEKDAY}) no|\bno (?:es )?este (?:{WEEKDAY})")
_COUPLE = re.compile(r"\b(?:a couple(?: of)?|un par de)\b")


def plain_date_words(text: str) -> str:
    """Return the plain form of a text on one line, ordinals in digits, without the days that it denies."""
    plain = " ".join(plain_digits(fold(text[:_READ])).split())
    plain = _COUPLE.sub("2", plain)
    plain = _ORDINAL.sub(lambda match: f"the {_BY_WORD[match[1].replace('-', ' ')]}th", plain)
    return plain if _NOT_THIS_ONE.search(plain) else " ".join(_DENIED.sub(" , ", plain).split())
