"""Reads the short answers: yes and no, agreement, one of several options, and "I'd rather skip"."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from assistant.language.folding import clauses, fold, plain_words, squeeze, strip_words
from assistant.language.numbers import find_numbers
from assistant.language.words import (
    AFFIRMATIVE,
    AGREE,
    BUT,
    CHOICE_LEADS,
    CHOICE_TAILS,
    COMMON,
    DISAGREE,
    FLUFF,
    LAST,
    NEGATIVE,
    NO,
    NO_EMOJI,
    NUMBERS,
    ORDINALS,
    SKIP,
    SKIP_STARTS,
    UNSURE,
    YES,
    YES_EMOJI,
)

_LONGEST_PHRASE = 5
_LONGEST_CHOICE = 14  # words: beyond this, a word of an option proves nothing


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a choice, in the order in which it is offered.

    Attributes:
        key: the outcome when it is chosen.
        words: per language, the ways of saying it; the first is its label.
    """

    key: str
    words: Mapping[str, tuple[str, ...]]


def read_yes_no(text: str) -> str | None:
    """Return "yes" or "no", or None when a reply says neither or both.

    1 is read as yes and 2 as no. Mixed signals ("yes but not today") are None: to ask again costs less than
    to have heard the wrong thing.
    """
    words = _without_fluff(text)
    if not words:
        return _emoji_lean(text)
    lead = _number_lead(words)
    if lead:
        rest = _lean(words[1:], YES, NO) if len(words) > 1 else lead
        if any(word.isdigit() for word in words[1:]):
            return None  # "1 or 2"
        return lead if rest in {lead, ""} and not _doubt(words[1:]) else None
    return _read(text, words, YES, NO)


def read_agreement(text: str) -> str | None:
    """Return "agree" or "no", or None when a reply is neither: agreement is never guessed."""
    words = _without_fluff(text)
    answer = _read(text, words, YES | AGREE, NO | DISAGREE) if words else _emoji_lean(text)
    return "agree" if answer == "yes" else answer


def is_plain_no(text: str) -> bool:
    """Tell whether the whole message is a no: "no thanks" declines an offer, and passes over a question."""
    return tuple(plain_words(text)) in NO or tuple(_without_fluff(text)) in NO


def is_skip(text: str) -> bool:
    """Tell whether the whole message asks to pass over the question."""
    words = plain_words(text)
    return bool(words) and (tuple(words) in SKIP or tuple(strip_words(words, FLUFF)) in SKIP)


def begins_with_skip(text: str) -> bool:
    """Tell whether a short message opens with a word for passing over: "skip for now, busy day"."""
    words = strip_words(plain_words(text), FLUFF)
    return bool(words) and words[0] in SKIP_STARTS and len(words) <= 6


def read_choice(text: str, choices: Sequence[Choice], language: str) -> str | None:
    """Return the key of the one option that a reply picks, or None when it picks none or several.

    Tried in turn: an option's very words, its number, its words inside a short sentence, yes and no where the
    options mean that, a word that only one option has, and a near miss.

    Args:
        text: the reply as written.
        choices: the options in the order in which they were offered.
        language: the language that is tried first.
    """
    words = strip_words(plain_words(text), FLUFF)
    if not words:
        lean = _emoji_lean(text)
        return _leaning_choice(lean, choices) if lean else None
    phrases = _phrases_of(choices, language)
    whole = {key for key, phrase in phrases if phrase == words}
    if len(whole) == 1:
        return whole.pop()
    if len(words) > _LONGEST_CHOICE:
        return None
    said, denied = _said_choices(words, phrases)
    numbers = _chosen_numbers(text, words, len(choices))
    if numbers:
        picked = {choices[number - 1].key for number in numbers if 1 <= number <= len(choices)}
        agrees = len(picked) == 1 and len(set(numbers)) == 1 and said <= picked and not _denies(words)
        return picked.pop() if agrees else None
    lean = read_yes_no(text)
    if said and not denied:
        key = said.pop()
        alone = not said and _telling_words(words, phrases) <= {key}
        return key if alone and not _speaks_against(words, lean, key, choices) else None
    return (
        (_leaning_choice(lean, choices) if lean else None)
        or (None if denied else _telling_word(words, phrases))
        or (None if denied else _near_choice(words, phrases))
    )


def _without_fluff(text: str) -> list[str]:
    return strip_words(plain_words(text), FLUFF)


def _emoji_lean(text: str) -> str | None:
    """Return what the emoji of a text mean when they all mean the same."""
    signs = set(fold(text))
    says_yes, says_no = bool(signs & YES_EMOJI), bool(signs & NO_EMOJI)
    return None if says_yes == says_no else "yes" if says_yes else "no"


def _number_lead(words: list[str]) -> str:
    return {"1": "yes", "2": "no"}.get(words[0], "") if len(words) <= 6 else ""


def _read(
    text: str, words: list[str], yes: Collection[tuple[str, ...]], no: Collection[tuple[str, ...]]
) -> str | None:
    """Weigh the words of a reply: its opening decides, and whatever speaks against it makes it unclear."""
    emoji = _emoji_lean(text)
    for form in (plain_words(text), words, [squeeze(word) for word in words]):
        whole = tuple(form)
        if whole in UNSURE:
            return None
        answer = "yes" if whole in yes else "no" if whole in no else None
        if answer:
            return answer if emoji in {None, answer} else None
    parts = [strip_words(part, FLUFF) for part in clauses(text)]
    answers = {_clause_answer(part, yes, no) for part in parts if tuple(part) not in FLUFF}
    answers.discard("")
    if emoji:
        answers.add(emoji)
    if len(answers) != 1:
        return None
    answer = answers.pop()
    if answer == "doubt" or ("?" in text and not _opens(words, yes if answer == "yes" else no)):
        return None
    return answer


def _clause_answer(
    words: list[str], yes: Collection[tuple[str, ...]], no: Collection[tuple[str, ...]]
) -> str:
    """Return "yes", "no", "" (says neither) or "doubt" (says both, or speaks against itself)."""
    if _doubt(words):
        return "doubt"
    opening, used = _opening(words, yes, no)
    if not opening:
        squeezed = [squeeze(word) for word in words]
        opening, used = _opening(squeezed, yes, no)
    rest = words[used:]
    against = set(rest) & (NEGATIVE if opening == "yes" else AFFIRMATIVE)
    if opening:
        leans = _lean(rest, yes, no)
        return "doubt" if leans not in {"", opening} or (against and leans != opening) else opening
    if len(words) > 8 or set(words) & NEGATIVE:
        return "doubt" if set(words) & NEGATIVE else ""
    return _lean(words, yes, no) if set(words) & AFFIRMATIVE else ""


def _opening(
    words: list[str], yes: Collection[tuple[str, ...]], no: Collection[tuple[str, ...]]
) -> tuple[str, int]:
    """Return what the first phrase of the words means and how many words it takes; the longest one counts."""
    for length in range(min(_LONGEST_PHRASE, len(words)), 0, -1):
        phrase = tuple(words[:length])
        if phrase in yes:
            return "yes", length
        if phrase in no:
            return "no", length
    return "", 0


def _opens(words: list[str], phrases: Collection[tuple[str, ...]]) -> bool:
    return any(tuple(words[:length]) in phrases for length in range(1, _LONGEST_PHRASE + 1))


def _lean(words: list[str], yes: Collection[tuple[str, ...]], no: Collection[tuple[str, ...]]) -> str:
    """Return what all phrases found among the words mean together; "doubt" when they differ."""
    found: set[str] = set()
    place = 0
    while place < len(words):
        lean, used = _opening(words[place:], yes, no)
        if lean:
            found.add(lean)
        place += used or 1
    return "doubt" if len(found) > 1 else found.pop() if found else ""


def _doubt(words: list[str]) -> bool:
    if set(words) & BUT:
        return True
    return any(_contains(words, list(phrase)) for phrase in UNSURE)


def _contains(words: list[str], phrase: list[str]) -> bool:
    return bool(phrase) and any(
        words[place : place + len(phrase)] == phrase for place in range(len(words) - len(phrase) + 1)
    )


def _phrases_of(choices: Sequence[Choice], language: str) -> list[tuple[str, list[str]]]:
    """Return every way of saying every option, the given language's first."""
    found = []
    for choice in choices:
        for _, ways in sorted(choice.words.items(), key=lambda item: item[0] != language):
            found += [(choice.key, words) for way in ways if (words := plain_words(way))]
    return found


def _said_choices(words: list[str], phrases: list[tuple[str, list[str]]]) -> tuple[set[str], bool]:
    """Return the options whose words stand in the reply, and whether one of them is denied ("not that one").

    The longest words count: "not ok" is not also "ok".
    """
    spans = [
        (place, place + len(phrase), key)
        for key, phrase in phrases
        for place in range(len(words) - len(phrase) + 1)
        # A small word alone says nothing, unless it is a yes or a no.
        if words[place : place + len(phrase)] == phrase
        and (len(phrase) > 1 or phrase[0] not in COMMON - {"yes", "no", "si"})
    ]
    kept = [
        (start, end, key)
        for start, end, key in spans
        if not any(a <= start and end <= b and (b - a) > (end - start) for a, b, _ in spans)
    ]
    denied = any(
        set(words[max(0, start - 2) : start]) & NEGATIVE and not _says_no(key, phrases)
        for start, _, key in kept
    )
    return {key for _, _, key in kept}, denied


def _says_no(key: str, phrases: list[tuple[str, list[str]]]) -> bool:
    """Tell whether an option is itself a no: in "no, not yet" the "no" denies nothing."""
    return any(own == key and set(phrase) & NEGATIVE for own, phrase in phrases)


def _speaks_against(words: list[str], lean: str | None, key: str, choices: Sequence[Choice]) -> bool:
    """Tell whether the rest of a reply takes back the yes or no that its option is: "yes and no"."""
    own = {
        answer
        for choice in choices
        if choice.key == key
        for ways in choice.words.values()
        for way in ways
        if _contains(words, plain_words(way)) and (answer := _plain_answer(way))
    }
    if len(own) != 1 or lean in own:
        return False
    against = NEGATIVE if own == {"yes"} else AFFIRMATIVE
    return lean is not None or bool(set(words) & (against | BUT))


def _chosen_numbers(text: str, words: list[str], count: int) -> list[int]:
    """Return the numbers by which a reply picks: digits anywhere, words and ordinals alone."""
    short = strip_words(strip_words(words, CHOICE_LEADS | CHOICE_TAILS), CHOICE_LEADS | CHOICE_TAILS)
    digits = [number for number in find_numbers(text) if any(sign.isdigit() for sign in text)]
    if digits:
        return digits if len(words) <= 8 else []
    if len(short) == 1 and short[0] in ORDINALS:
        return [ORDINALS[short[0]]]
    if len(short) == 1 and short[0] in LAST:
        return [count]
    if all(word in NUMBERS or word in {"and", "or", "y", "o"} for word in short):
        return [NUMBERS[word] for word in short if word in NUMBERS]
    return []


def _denies(words: list[str]) -> bool:
    """Tell whether a number is what she does not want: "not 2"."""
    return bool({"not", "dont", "never", "nunca", "except", "menos"} & set(words))


def _leaning_choice(lean: str, choices: Sequence[Choice]) -> str | None:
    """Return the one option whose own words mean the same yes or no."""
    keys = {
        choice.key
        for choice in choices
        if any(_plain_answer(way) == lean for ways in choice.words.values() for way in ways)
    }
    return keys.pop() if len(keys) == 1 else None


def _plain_answer(way: str) -> str | None:
    words = tuple(plain_words(way))
    return "yes" if words in YES else "no" if words in NO else None


def _telling_word(words: list[str], phrases: list[tuple[str, list[str]]]) -> str | None:
    """Return the option that alone has a word of a short reply: "listen" for "just listen"."""
    own = {word for _, phrase in phrases for word in phrase}
    if len(words) > 6 or set(words) & (NEGATIVE | BUT) - own:
        return None
    keys = _telling_words(words, phrases)
    return keys.pop() if len(keys) == 1 else None


def _telling_words(words: list[str], phrases: list[tuple[str, list[str]]]) -> set[str]:
    """Return the options that have a word of the reply which no other option has."""
    owners: dict[str, set[str]] = {}
    for key, phrase in phrases:
        for word in set(phrase) - COMMON:
            owners.setdefault(word, set()).add(key)
    return {next(iter(owners[word])) for word in words if len(owners.get(word, ())) == 1}


def _near_choice(words: list[str], phrases: list[tuple[str, list[str]]]) -> str | None:
    """Return the one option that a reply of at most five words nearly spells."""
    if len(words) > 5:
        return None
    said = " ".join(words)
    best: dict[str, int] = {}
    for key, phrase in phrases:
        for way, heard in [(" ".join(phrase), said)] + [
            (part, word) for part in phrase for word in words if part not in COMMON and word not in COMMON
        ]:
            slips = OSA.distance(way, heard)
            if slips <= _allowed_slips(way) and way[0] == heard[0]:
                best[key] = min(slips, best.get(key, 9))
    return next(iter(best)) if len(best) == 1 else None


def _allowed_slips(word: str) -> int:
    """Return how many slips a word may carry: none up to three letters, then one, from eight letters two."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2
