"""Recognises commands: a keyword, perhaps with one thing after it, in either language."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from rapidfuzz.distance import OSA

from assistant.language.folding import Word, plain_words, says_something, split_words
from assistant.language.places.place_reading import read_place
from assistant.language.replies.names import read_name
from assistant.language.replies.numbers import find_number_words, find_numbers
from assistant.language.times.dates import looks_like_date
from assistant.language.words import EVERYDAY_KEYWORDS, FLUFF, NO_SLIPS, NOT_CODES, QUESTION_OPENINGS

AT = "@"
"""What a text for a buddy begins with, whatever follows: a keyword that is no word."""
SLOTS = frozenset({"code", "name", "place", "hour", "text", "date", "number", "person"})

_ALONE = frozenset({"name", "place", "hour"})
"""What a phrase has to have: "I'm in", "call me" and "text me" are no commands by themselves."""
_ASKING = QUESTION_OPENINGS | {"como", "quienes"}
"""What phrases begin with that are questions themselves; of a text "como" says no such thing."""
_WHO = frozenset({"name", "person"})  # "pause 2" and "pause two" are no pause of somebody called so
_NEEDED = frozenset({"person", "code"})
_SHORTEST_NEAR_MISS = 4
"""Letters of a keyword; in a shorter one a slip makes another word."""
_LONGEST_NEAR_MISS = 3  # words
_LONGEST_STAY = 5  # words: "until Sunday the 7th"; more goes on to tell something
_LONG_KEYWORD = 7  # letters: too many to be spelt by chance
_LONGEST_ODD = 5  # words: a keyword with more than this around it is a sentence, not a slip
_SLOT = re.compile(r"\{(\w+)\}")
_HOW_LONG = re.compile(r"\s(?:(?:until|till?|hasta|for|por|durante)\s.+|\d{1,2}(?:\s\w+)?)$", re.IGNORECASE)
_WHY = re.compile(
    r"[,;:.!\s\u2013\u2014-]+(?:because|cause|cuz|bc|he|she|they|who|for (?:being|\w+ing|what|his|her|their)"
    r"|porque|ya que|el|ella|que|por (?:ser|estar|lo|su|groser[oa]|pesad[oa]|\w+[aei]r(?:me|nos)?))\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_UNTIL = re.compile(
    r"[\s,]+((?:until|till?|thru|through|up to|hasta|for|por|durante)\s.+)$", re.IGNORECASE | re.DOTALL
)
_BETWEEN = " \t\r\n:;,.!-\u2013\u2014"
"""What may stand between a keyword and the words after it."""
AT_SIGNS = frozenset({AT, "\uff20"})  # the second is the wide one of East Asian keyboards


@dataclass(frozen=True, slots=True, eq=False)
class CommandPattern:
    """A command and the ways of writing it; known by identity, so that an index of many can be kept.

    Attributes:
        name: what the command is called in code and flows.
        phrases: per language, patterns such as "join {code}" or "call me {name}", with at most one slot:
            code, name, place, hour, text, date, number or person.
    """

    name: str
    phrases: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class CommandReading:
    """A command found in a text.

    Attributes:
        name: the command's name.
        value: what stood in its slot: a code in capitals, a tidied name, a whole number, a place as ``read``
            gives it (``{"city", "zone", ...}`` or ``{"places": [...]}``), or for text and date the words as
            written (``read`` reads the date: it knows what today is). None for a bare keyword, which names
            and places do not take ("call me" alone asks for nothing).
        sure: whether it is unmistakable. When not, offer ``said`` back ("Did you mean CHECKIN?").
        said: the keyword in capitals, as it should be written.
        capitals: whether the sender wrote the keyword in capitals: nobody does so by chance.
    """

    name: str
    value: Any
    sure: bool
    said: str
    capitals: bool = False


@dataclass(frozen=True, slots=True)
class _Phrase:
    before: tuple[str, ...]
    slot: str | None
    after: tuple[str, ...]
    said: str


def read_command(
    patterns: Sequence[CommandPattern], text: str, language: str, *, country: str = "US"
) -> CommandReading | None:
    """Return the command that a text gives, or None when it gives none. Any text is read, none raises.

    Case, accents and polite words around do not matter. A sure reading outranks a near miss, the person's own
    language the other, a longer keyword a shorter one.

    Args:
        patterns: the commands that may be given here.
        text: the text as it came in.
        language: the person's language, "en" or "es".
        country: ISO code of the sender's country, for places.

    Raises:
        ValueError: when a pattern is malformed; the message says how to mend it.
    """
    index = _index(tuple(patterns), language)
    if text.lstrip()[:1] in AT_SIGNS:
        return _after_at(index, text)
    words = _without_fluff(split_words(text))
    if not words:
        return None
    reading = _read(index, words, text, language, country)
    first = text[words[0].start : words[0].end]
    return replace(reading, capitals=len(first) > 1 and first.isupper()) if reading else None


def parse_phrase(phrase: str) -> tuple[tuple[str, ...], str | None, tuple[str, ...]]:
    """Return the words before the slot of a pattern, the slot's type or None, and the words after it.

    Raises:
        ValueError: when the slot is unknown, there are two, or there is nothing but a slot.
    """
    slots = _SLOT.findall(phrase)
    if len(slots) > 1:
        raise ValueError(f'"{phrase}" has {len(slots)} slots; a command takes one thing at most')
    if slots and slots[0] not in SLOTS:
        raise ValueError(f'"{phrase}" has an unknown slot {{{slots[0]}}}; known: {", ".join(sorted(SLOTS))}')
    before, _, after = (_SLOT.sub("\0", phrase)).partition("\0")
    if before.strip() == AT:
        return (AT,), slots[0] if slots else None, ()
    parts = tuple(plain_words(before)), tuple(plain_words(after))
    if not any(parts):
        raise ValueError(f'"{phrase}" has no keyword; write at least one word outside the braces')
    return parts[0], slots[0] if slots else None, parts[1]


@cache  # There are as many as the files say: a bound below that would have all of them read each time.
def _parse(phrase: str) -> _Phrase:
    return _Phrase(*parse_phrase(phrase), said=" ".join(_SLOT.sub(" ", phrase).split()).upper())


@dataclass(frozen=True, slots=True)
class _Index:
    """All phrases in the order they are tried, and where to look for those that a text may begin with."""

    phrases: list[tuple[str, _Phrase]]
    by_word: dict[str, list[int]]
    """The first word, and the keyword written as one -> places in `phrases`."""
    headless: list[int]
    """Those that begin with their slot."""
    by_letter: dict[str, list[tuple[str, str, _Phrase]]]
    """The first letter -> command, keyword as one word, and phrase that a slip may be meant for."""

    def beginning(self, plain: list[str]) -> list[tuple[str, _Phrase]]:
        """The phrases that these words may be, in their order."""
        heads = {plain[0], *("".join(plain[:length]) for length in (1, 2, 3))}
        places = {place for head in heads for place in self.by_word.get(head, ())}
        return [self.phrases[place] for place in sorted(places.union(self.headless))]


@lru_cache(maxsize=256)
def _index(patterns: tuple[CommandPattern, ...], language: str) -> _Index:
    """Order all phrases: exact before slotted, the sender's language first, longer keywords, names last."""
    found = [
        (bool(phrase.slot), spoken != language, -len(phrase.before), phrase.slot in _WHO, name, phrase)
        for name, spoken, phrase in (
            (pattern.name, spoken, _parse(written))
            for pattern in patterns
            for spoken, ways in pattern.phrases.items()
            for written in ways
        )
    ]
    found.sort(key=lambda item: item[:4])
    phrases = [(name, phrase) for *_, name, phrase in found]
    index = _Index(phrases, {}, [], {})
    for place, (name, phrase) in enumerate(phrases):
        keyword = "".join(phrase.before)
        # What opens with a name or a place ("I'm in ...") is a sentence: half of it is no slip of the finger.
        sentence = phrase.slot in _ALONE or (not phrase.slot and phrase.after)
        if len(keyword) >= _SHORTEST_NEAR_MISS and not sentence:
            index.by_letter.setdefault(keyword[0], []).append((name, keyword, phrase))
        if not phrase.before:
            index.headless.append(place)
        for head in {*phrase.before[:1], "".join(phrase.before)} - {""}:
            index.by_word.setdefault(head, []).append(place)
    return index


def _after_at(index: _Index, text: str) -> CommandReading | None:
    """Return the command for words to a buddy, with those words as they were written."""
    words = text.lstrip()[1:].rstrip()
    name = next((index.phrases[place][0] for place in index.by_word.get(AT, ())), None)
    return None if name is None else CommandReading(name, words or None, True, AT)


def _read(index: _Index, words: list[Word], text: str, language: str, country: str) -> CommandReading | None:
    unsure: CommandReading | None = None
    for name, phrase in index.beginning([word.plain for word in words]):
        reading = _match(name, phrase, words, text, language, country)
        if reading and reading.sure:
            return reading
        unsure = unsure or reading
    return unsure or _near_miss(index, words, text, language, country)


def _without_fluff(words: list[Word]) -> list[Word]:
    """Return the words without polite ones at either end, unless nothing would be left."""
    start, end = 0, len(words)
    trimmed = True
    while trimmed and start < end:
        trimmed = False
        for length in range(min(4, end - start), 0, -1):
            if tuple(word.plain for word in words[start : start + length]) in FLUFF:
                start, trimmed = start + length, True
                break
            if tuple(word.plain for word in words[end - length : end]) in FLUFF:
                end, trimmed = end - length, True
                break
    return words[start:end] or words


def _match(
    name: str, phrase: _Phrase, words: list[Word], text: str, language: str, country: str
) -> CommandReading | None:
    """Return the command when the words begin (and end) as the phrase does, its slot filled or left out."""
    plain = [word.plain for word in words]
    used = _begins(plain, phrase.before)
    if used is None:
        return None
    tail = len(phrase.after)
    # "Status?" and "who?" may ask anything; "who is quiet?" is how it is said.
    asked = text.rstrip().endswith("?") and not (len(phrase.before) > 1 and phrase.before[0] in _ASKING)
    if phrase.slot == "text" and not tail and (written := _written_after(words[used - 1], text)):
        # Words that are passed on: polite ones, question marks and hearts belong to them.
        sure = _is_command_like(phrase, words[:used], text, asked)
        return CommandReading(name, written, sure, phrase.said)
    if len(plain) == used and (not phrase.after or phrase.before):
        if phrase.slot in _ALONE:
            return None
        return CommandReading(
            name, None, not asked and not (phrase.after and phrase.slot is None), phrase.said
        )
    if tail and tuple(plain[len(plain) - tail :]) != phrase.after:
        return None
    if phrase.slot is None:
        # "pause it": a slip of at most a few words is offered back, a sentence is left alone.
        return CommandReading(name, None, not asked, phrase.said) if len(plain) == used + tail else None
    rest = words[used : len(words) - tail]
    if not rest:
        return CommandReading(name, None, not asked, phrase.said)
    written = text[rest[0].start : _end_of(rest[-1], text, tail)].strip()
    value, clean = _read_slot(phrase.slot, written, [word.plain for word in rest], language, country)
    if value is None:
        return None
    if not clean and len(plain) > _LONGEST_ODD and text[rest[0].end :].lstrip()[:1] not in tuple(".,;!:"):
        return None  # "JOIN MAPLE, hi I'm Ana from work" is offered back; "join maria for lunch" is talk
    sure = clean and (
        phrase.slot in {*_ALONE, "person"} or _is_command_like(phrase, words[:used], text, asked)
    )
    return CommandReading(name, value, sure, phrase.said)


def _begins(plain: list[str], keyword: tuple[str, ...]) -> int | None:
    """Return how many words the keyword takes at the start, also when written as one or as two."""
    if tuple(plain[: len(keyword)]) == keyword:
        return len(keyword)
    joined = "".join(keyword)
    for length in (1, 2, 3):
        if length != len(keyword) and len(joined) >= 5 and "".join(plain[:length]) == joined:
            return length
    return None


def _end_of(last: Word, text: str, tail: int) -> int:
    """Return where the slot's words end: with the marks that follow them, when nothing else does."""
    after = re.match(r"[^\w\s]*", text[last.end :])
    return last.end if tail or after is None else last.end + after.end()


def _written_after(last: Word, text: str) -> str:
    """Return what stands behind the keyword, to the letter; "" when not a word or emoji does."""
    written = text[last.end :].lstrip(_BETWEEN).rstrip()
    return written if says_something(written) else ""


def _is_command_like(phrase: _Phrase, keyword: list[Word], text: str, asked: bool) -> bool:
    """Tell whether a keyword with words after it was meant as one, not as the start of a sentence."""
    first, last = keyword[0], keyword[-1]
    colon = text[last.end :].lstrip()[:1] == ":"
    capitals = text[first.start : last.end].isupper() and len(first.plain) > 1
    if colon or capitals or phrase.slot in {"code", "number"}:
        return phrase.slot == "text" or not asked
    # As it was written: "check in with my sister" is talk, "checkin with my sister" is not.
    return len(phrase.before) > 1 or first.plain not in EVERYDAY_KEYWORDS


def _read_slot(slot: str, written: str, plain: list[str], language: str, country: str) -> tuple[Any, bool]:
    """Return what a slot's words mean and whether nothing odd is left over; None when they mean nothing."""
    match slot:
        case "code":
            code = plain[0].upper()
            right = 3 <= len(code) <= 12 and code.isascii() and plain[0] not in NOT_CODES
            return (code, len(plain) == 1) if right else (None, False)
        case "person":
            return _read_person(written, plain)
        case "name":
            name = read_name(written)
            return name, name is not None and len(plain) <= 4
        case "place":
            return _read_stay(written, language, country)
        case "hour":
            hour, clean = _read_stay(written, language, country)
            alone = hour is not None and hour.get("hour") is not None and not hour.get("zone")
            return (hour, clean) if alone else (None, False)
        case "number":
            numbers = find_numbers(written) or find_number_words(plain)
            units = {"weeks", "week", "days", "day", "semanas", "semana", "dias", "dia"}
            extra = [word for word in plain if word not in units and not word.isdigit()]
            clean = len(set(numbers)) == 1 and len(extra) <= len(find_number_words(plain))
            return (numbers[0], clean) if len(set(numbers)) == 1 else (None, False)
        case "date":
            return (written, True) if looks_like_date(written) and len(plain) <= 6 else (None, False)
        case _:
            return written or None, bool(written)


def _read_stay(written: str, language: str, country: str) -> tuple[Any, bool]:
    """Read a place; "Madrid until Sunday" is Madrid, with how long in `until` as it was written."""
    until = _UNTIL.search(written)
    stays = until is not None and looks_like_date(until[1]) and len(until[1].split()) <= _LONGEST_STAY
    place = read_place(written[: until.start()] if stays and until else written, language, country)
    if place.outcome not in {"place", "several", "time"}:
        return None, False
    value = dict(place.value or {})
    return ({**value, "until": until[1]} if stays and until else value), True


def _read_person(written: str, plain: list[str]) -> tuple[Any, bool]:
    """Read a name; "Ana until Friday" and "Ana 2 weeks" name Ana, for whoever asks to read how long.

    So does "Max, he keeps asking me for money", and "Max for being rude": why is asked after it.
    """
    until = _HOW_LONG.search(written)
    if until and looks_like_date(until[0]):
        written = written[: until.start()]
    elif why := _WHY.search(written):
        written = written[: why.start()]
    plain = plain_words(written)
    name = read_name(written)
    return name, name is not None and len(plain) <= 4


def _takes_a_sentence(phrase: _Phrase) -> bool:
    return phrase.slot == "text" and len(phrase.before) == 1 and len(phrase.before[0]) >= _LONG_KEYWORD


def _near_miss(
    index: _Index, words: list[Word], text: str, language: str, country: str
) -> CommandReading | None:
    """Return the one command that a text of at most three words nearly spells: "CHEKIN" -> CHECKIN.

    Of a longer one only the first word counts, for a long keyword that takes any words: "chekin how was it?".
    """
    plain = [word.plain for word in words]
    meant = index.by_letter.get(plain[0][0], [])
    if len(words) > _LONGEST_NEAR_MISS:
        meant = [each for each in meant if _takes_a_sentence(each[2])]
        plain = plain[:1]
    said = ["".join(plain[:used]) for used in range(1, len(plain) + 1)]
    best: dict[str, tuple[int, int, _Phrase]] = {}
    for name, keyword, phrase in meant:
        allowed = 1 if len(keyword) < 7 else 2
        for used in range(1 if phrase.slot else len(plain), len(plain) + 1):
            heard = said[used - 1]
            if abs(len(heard) - len(keyword)) > allowed:
                continue
            slips = OSA.distance(keyword, heard, score_cutoff=2)
            if 0 < slips <= allowed and heard not in NO_SLIPS:
                best[name] = min(best.get(name, (9, 0, phrase)), (slips, used, phrase), key=lambda it: it[0])
    if not best:
        return None
    fewest = min(slips for slips, *_ in best.values())
    nearest = [(name, used, phrase) for name, (slips, used, phrase) in best.items() if slips == fewest]
    if len(nearest) != 1:
        return None
    name, used, phrase = nearest[0]
    value = None
    if phrase.slot and used < len(words):
        value, _ = _read_slot(
            phrase.slot, text[words[used].start : words[-1].end], plain[used:], language, country
        )
    # "REPORTAR A" alone says nothing: what is offered back is to be sent as it stands.
    whom = f" {value.upper()}" if phrase.slot in _NEEDED and isinstance(value, str) else ""
    return CommandReading(name, value, False, phrase.said + whom)
