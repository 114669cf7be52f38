"""Reads the name by which someone wants to be called."""

import re
import unicodedata

from assistant.language.folding import fold
from assistant.language.words import AFTER_A_NAME, NAME_PARTICLES, NOT_NAMES

LONGEST_NAME = 20  # characters: a longer one would not fit beside others in one text

_INTRODUCTIONS = re.compile(
    r"\b(?:(?:everyone|everybody|people|friends|they|you can|you may|u can|please|just)?\s*calls? me|"
    r"i go by|i prefer|(?:you can |please )?use|prefiero|"
    r"(?:my )?(?:first |full )?name(?:'?s\b| is\b|(?=:))|nombre(?=:)|me llamo|me llaman|mi nombre(?: es)?|"
    r"me dicen|me puedes (?:decir|llamar)|(?:me )?puedes? (?:decirme|llamarme)|llamenme|llamame|digame|dime|"
    r"i am|i'?m|it'?s|it is|this is|soy|habla|es|se llama)(?![^\W_])[\s:,]*"
)
_CALL_ME = re.compile(r"calls? me$|i go by$|me dicen$|decirme$|llamarme$|llamame$|dime$|me llaman$")
_GREETINGS = re.compile(
    r"^(?:hi|hello|hey|hiya|hola|buenas|buenos dias|buenas tardes|buenas noches|good morning|"
    r"good evening|good afternoon|mucho gusto|nice to meet you|there|oh|well|bueno|pues|yes|yeah|si|ok|okay|"
    r"sure|claro|please|por favor|just|solo|thanks|thank you|gracias)\b[\s,.!:;-]*"
)
_FAREWELLS = re.compile(
    r"[\s,.!:;-]*\b(?:hi|hello|here|please|thanks|thank you|gracias|por favor|aqui|nice to meet you|"
    r"mucho gusto|un gusto|saludos|is fine|works|esta bien|is my name|es mi nombre|"
    r"is good|lol|jaja|too|tambien|"
    r"btw)[\s.!]*$"
)
_RETURNED = re.compile(
    r"[\s,.;]*\b(?:and you|y t[uú]|y usted|what about you|what'?s yours|and yours)\s*\?+$", re.IGNORECASE
)
_TITLES = re.compile(r"\b(Mrs?|Ms|Mx|Dra?|Sra?|Srta|Prof|Rev|Sta?)\.\s+", re.IGNORECASE)
_WEB = re.compile(r"https?:|www\.|\w@\w|\w\.(?:com|org|net|io|co)\b", re.IGNORECASE)


def read_name(text: str) -> str | None:
    """Return the name in a reply, tidied, of at most 20 characters; None when it holds none.

    ``"I'm diana, hi"`` gives ``"Diana"``, ``"McKay"`` stays as it is. Questions, sentences, addresses and
    digits are no names.
    """
    written = _RETURNED.sub("", _clean(text[:200]))
    if not written or len(text) > 200 or "?" in written or _WEB.search(text):
        return None
    written, introduced = _after_introduction(_without_greeting(written))
    stretch = re.split(
        r"[,;!\n:()\"/]|\.(?=\s|$)(?<![A-Z]\.)|\s-\s",
        _TITLES.sub(r"\1 ", written).strip(' ,;!:-()"'),
        maxsplit=1,
    )[0]
    words = stretch.split()
    for place, word in enumerate(words):
        if (
            place
            and fold(word) in AFTER_A_NAME
            and not (fold(word) == "y" and place + 1 < len(words) and not introduced)
        ):
            if not introduced and fold(word) not in {"from", "here", "aqui"}:
                return None
            words = words[:place]
            break
    counted = [word for word in words if fold(word) not in NAME_PARTICLES] or words[:1]
    if not 1 <= len(counted) <= 4 or not all(_is_name_word(word) for word in words):
        return None
    if fold(words[0]) in AFTER_A_NAME | NOT_NAMES or any(
        fold(word) in NOT_NAMES - NAME_PARTICLES for word in words
    ):
        return None
    return _cut(tidy_name(" ".join(words)))


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


def _after_introduction(written: str) -> tuple[str, bool]:
    """Return what follows "my name is" and its like; "call me X" outranks the others."""
    plain = _letter_by_letter(written)
    found = list(_INTRODUCTIONS.finditer(plain))
    # "es" and "is" count only at the start: inside, they belong to the sentence.
    found = [
        match
        for match in found
        if match.start() == 0 or match[0].strip(" :,") not in {"es", "its", "it's", "im", "i'm"}
    ]
    if not found:
        return written, False
    called = [match for match in found if _CALL_ME.search(match[0].strip(" :,"))]
    match = (called or found)[-1 if called else 0]
    if not called and match.start() > 25:
        return written, False
    rest = written[match.end() :]
    return (rest, True) if rest.strip() else (written[: match.start()], False)


def _is_name_word(word: str) -> bool:
    letters = [sign for sign in word if unicodedata.category(sign)[0] == "L"]
    return bool(letters) and all(sign in ".'-" or unicodedata.category(sign)[0] in "LM" for sign in word)


def _tidy_word(word: str, *, first: bool) -> str:
    word = word.strip(".,-'") if not re.fullmatch(r"(?:\w\.)+\w?\.?", word) else word
    if not first and fold(word) in NAME_PARTICLES:
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
