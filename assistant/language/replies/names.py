"""Reads the name by which someone wants to be called."""

import re
import unicodedata

from assistant.language.folding import fold
from assistant.language.words import (
    AFTER_A_NAME,
    ALSO_NAMES,
    COMMAND_WORDS,
    NAME_PARTICLES,
    NOT_NAMES,
    QUESTION_OPENINGS,
    STATES_OF_BEING,
)

LONGEST_NAME = 20  # characters: a longer one would not fit beside others in one text

_INTRODUCTIONS = re.compile(
    r"\b(?:(?:everyone|everybody|people|friends|they|you can|you may|u can|please|just)?\s*calls? me|"
    r"i go by|i prefer|(?:you can |please )?use|prefiero|(?:i am|i'?m|be|get|me) called|"
    r"(?:my )?(?:first |full )?name(?:'?s\b| is\b|(?=:))|nombre(?=:)|me llamo|me llaman|mi nombre(?: es)?|"
    r"me dicen|me puedes (?:decir|llamar)|(?:me )?puedes? (?:decirme|llamarme)|llamenme|llamame|digame|dime|"
    r"(?:it'?s|it is|this is) me|soy yo|i am|i'?m|it'?s|it is|this is|soy|habla|es|se llama)(?![^\W_])[\s:,]*"
)
_CALL_ME = re.compile(
    r"calls? me$|i go by$|me dicen$|decirme$|llamarme$|llamame$|dime$|me llaman$|"
    r"called$|use$|prefer$|prefiero$"
)
# These give a name and nothing else: whatever stands after them is one, be it an everyday word.
_NAMING = re.compile(
    r"calls? me$|i go by$|called$|name$|name'?s$|name is$|nombre$|nombre es$|llam\w+$|dicen$|decirme$|dime$"
)
_DENIED = re.compile(
    r"\b(?:no|not|dont|don't|never|nunca|tampoco|anything but) (?:(?:please|me|ever) )?"
    r"(?:calls? me|call|me llam\w+|me dig\w+|soy|es|mi nombre)|"
    r"\bcall me (?:anything|whatever) but\b|\bname (?:is not|isnt|isn't|aint)\b|\bnombre no es\b"
)
_PRONOUNS = re.compile(
    r"\s*[(,]?\s*\b(?:she|he|they|ella|el|elle|ze)\s*/\s*\w+(?:\s*/\s*\w+)?\)?", re.IGNORECASE
)
_POSSESSIVE = re.compile(
    r"\w'?s'?\s+(?:\w+\s+)?(?:cell|cellphone|phone|mobile|number|sister|brother|mom|mother|dad|wife|husband|"
    r"daughter|son|friend|house|kid)\b|\w's[\s.!]*$"
)
_GREETINGS = re.compile(
    r"^(?:hi|hello|hey|hiya|hola|buenas|buenos dias|buenas tardes|buenas noches|good morning|"
    r"good evening|good afternoon|mucho gusto|nice to meet you|there|oh|well|bueno|pues|yes|yeah|si|ok|okay|"
    r"sure|claro|please|por favor|just|only|solo|thanks|thank you|gracias)\b[\s,.!:;-]*"
)
_FAREWELLS = re.compile(
    r"(?:[\s,!:;-]|(?<!\b\w)\.)*\b"
    r"(?:hi|hello|here|please|thanks|thank you|gracias|por favor|aqui|nice to meet you|"
    r"mucho gusto|un gusto|saludos|is fine|works|esta bien|is my name|es mi nombre|"
    r"is good|speaking|al habla|para servir\w+|a (?:sus?|tus?) ordenes|lol|jaja|too|tambien|"
    r"btw)[\s.!]*$"
)
_RETURNED = re.compile(
    r"[\s,.;]*\b(?:and you|y t[uú]|y usted|what about you|what'?s yours|and yours)\s*\?+$", re.IGNORECASE
)
_TITLES = re.compile(r"\b(Mrs?|Ms|Mx|Dra?|Sra?|Srta|Prof|Rev|Sta?)\.\s+", re.IGNORECASE)
# Beside `AFTER_A_NAME`: here a sentence begins, when what came before it is written as a name.
_GOES_ON = frozenset({"pero", "but", "no", "not", "with", "without", "aunque", "and", "y", "aka"})
_SHORT_ANSWERS = frozenset({"k", "n", "s", "x", "y"})  # yes and no; with a capital letter they may be names
_JOINS = frozenset({"y", "and"})
_WEB = re.compile(r"https?:|www\.|\w@\w|\w\.(?:com|org|net|io|co)\b", re.IGNORECASE)


def read_name(text: str) -> str | None:
    """Return the name in a reply, tidied, of at most 20 characters; None when it holds none.

    ``"I'm diana, hi"`` gives ``"Diana"``, ``"McKay"`` stays as it is. Questions, sentences, addresses and
    digits are no names.
    """
    written = _PRONOUNS.sub("", _RETURNED.sub("", _clean(text[:200])))
    if not written or len(text) > 200 or "?" in written or _WEB.search(text):
        return None
    plain = _letter_by_letter(written)
    if _DENIED.search(plain) or _POSSESSIVE.search(plain):
        return None
    written, introduced, naming = _after_introduction(_without_greeting(written))
    stretch = re.split(
        r"[,;!\n:()\"/]|\.(?=\s|$)(?<![A-Z]\.)|\s-\s",
        _TITLES.sub(r"\1 ", written).strip(' ,;!:-()"'),
        maxsplit=1,
    )[0]
    words = _before_the_sentence(stretch.split(), introduced, in_capitals=text.isupper())
    counted = [word for word in words if fold(word) not in NAME_PARTICLES] or words[:1]
    if not 1 <= len(counted) <= 4 or not all(
        _is_name_word(word) or (word == "&" and 0 < place < len(words) - 1)
        for place, word in enumerate(words)
    ):
        return None
    if len(words) == 1 and (
        fold(words[0]) in COMMAND_WORDS or (words[0] in _SHORT_ANSWERS and not introduced)
    ):
        return None
    bears = _bears_everyday_words(words, introduced, naming, in_capitals=text.isupper())
    return _cut(tidy_name(" ".join(words))) if bears else None


def _before_the_sentence(words: list[str], introduced: bool, *, in_capitals: bool) -> list[str]:
    """Return the words up to where a sentence goes on: "Rosa Elena pero no hablo inglés"; [] if no name."""
    for place, word in enumerate(words):
        plain, last = fold(word), place + 1 == len(words)
        if (
            not place
            or plain not in AFTER_A_NAME | _GOES_ON
            or (plain in ALSO_NAMES and word[:1].isupper() and not in_capitals)
        ):
            continue
        named = all(each[:1].isupper() for each in words[:place]) and not in_capitals
        following = "" if last else words[place + 1]
        if plain in _JOINS and not last and not introduced and (plain != "and" or following[:1].isupper()):
            continue  # "Ana y Luis"
        if plain in NAME_PARTICLES - {"y"} and not last:
            continue
        if not introduced and plain not in {"from", "here", "aqui"} and not (named and plain in _GOES_ON):
            return []
        return words[:place]
    return words


def _bears_everyday_words(words: list[str], introduced: bool, naming: bool, *, in_capitals: bool) -> bool:
    """Tell whether a name's words are no everyday ones, or are used as a name here: "My", "call me Happy"."""
    capitals = [
        not _has_case(word) or (word[:1].isupper() and not (in_capitals and len(words) > 1)) for word in words
    ]
    if len(words) > 1 and fold(words[0]) in QUESTION_OPENINGS and not all(capitals):
        return False  # "Will you", "May I"
    for place, word in enumerate(words):
        plain = fold(word)
        if plain in NAME_PARTICLES and (place or (len(words) > 1 and (naming or all(capitals[:2])))):
            continue
        if plain not in NOT_NAMES | AFTER_A_NAME or (place and plain in {"y", "and"}):
            continue
        if plain not in ALSO_NAMES or (introduced and not naming and plain in STATES_OF_BEING):
            return False
        if not (all(capitals) or (naming and len(words) == 1)):
            return False
    return True


def _has_case(word: str) -> bool:
    return word.lower() != word.upper()


def tidy_name(name: str) -> str:
    """Return a name with the capitals it deserves: all-lower and all-upper words get one, mixed ones stay."""
    words = name.split()
    return " ".join(_tidy_word(word, first=not place) for place, word in enumerate(words))


def _clean(text: str) -> str:
    """Return a text without emoji and marks that no name holds."""
    text = unicodedata.normalize("NFC", text).replace("’", "'").replace("“", '"').replace("”", '"')
    kept = [
        sign if sign.isspace() or sign in ".,;!?¿:'-()\"/&" or unicodedata.category(sign)[0] in "LMN" else " "
        for sign in text
        if sign not in "\ufe0f\u200d\u20e3"
    ]
    return " ".join("".join(kept).split()) if "\n" not in text.strip() else "".join(kept).strip()


def _without_greeting(written: str) -> str:
    for _ in range(4):
        plain = _letter_by_letter(written)
        start, end = _GREETINGS.match(plain), _FAREWELLS.search(plain)
        if start and start.end() < len(plain):
            written = written[start.end() :]
        elif end and end.start() > 0:
            written = written[: end.start()]
        else:
            break
    return written


def _letter_by_letter(written: str) -> str:
    """Return the plain form of a text in which every character keeps its place."""
    return "".join((fold(sign) or sign)[:1] for sign in written)


def _after_introduction(written: str) -> tuple[str, bool, bool]:
    """Return what follows "my name is" and its like, whether there is one, and whether it can only be a name.

    "call me X" outranks the others.
    """
    plain = _letter_by_letter(written)
    found = list(_INTRODUCTIONS.finditer(plain))
    # "es" and "is" count only at the start: inside, they belong to the sentence.
    found = [
        match
        for match in found
        if match.start() == 0 or match[0].strip(" :,") not in {"es", "its", "it's", "im", "i'm"}
    ]
    if not found:
        return written, False, False
    called = [match for match in found if _CALL_ME.search(match[0].strip(" :,"))]
    match = (called or found)[-1 if called else 0]
    if not called and match.start() > 25:
        return written, False, False
    rest, naming = written[match.end() :], _NAMING.search(match[0].strip(" :,")) is not None
    return (rest, True, naming) if rest.strip() else (written[: match.start()], False, naming)


def _is_name_word(word: str) -> bool:
    letters = [sign for sign in word if unicodedata.category(sign)[0] == "L"]
    return bool(letters) and all(sign in ".'-" or unicodedata.category(sign)[0] in "LM" for sign in word)


def _tidy_word(word: str, *, first: bool) -> str:
    word = word.strip(".,-'") if not re.fullmatch(r"(?:\w\.)+\w\.?", word) else word
    if not first and fold(word) in NAME_PARTICLES | _JOINS:
        return word.lower() if word.isupper() else word
    if not (word.islower() or word.isupper()) or (word.isupper() and len(word.replace(".", "")) <= 2):
        return word
    parts = re.split(r"(['-])", word.lower())
    tidy = "".join(part[:1].upper() + part[1:] for part in parts)
    return "Mc" + tidy[2:].capitalize() if re.fullmatch(r"Mc[a-z]{3,}", tidy) else tidy


def _cut(name: str) -> str | None:
    if len(name) <= LONGEST_NAME:
        return name or None
    whole = name[: LONGEST_NAME + 1]
    at = max(whole.rfind(" "), whole.rfind("-"))
    short = whole[:at] if at > 0 else name[:LONGEST_NAME]
    while " " in short and fold(short.split()[-1]) in NAME_PARTICLES:
        short = short.rsplit(" ", 1)[0]
    return short
