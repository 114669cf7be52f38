"""Decides which stretch of words in a reply names the place: the longest one that a table truly has."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.language.places.cities import BY_FAR, clock_rule, find_regions
from assistant.language.places.place_lookup import (
    Found,
    Stretch,
    cities_within,
    find_misspelt_regions,
    is_written_as_region,
    look_up,
    look_up_misspelt,
)
from assistant.language.places.towns import main_city_of_each_clock
from assistant.language.words import (
    AROUND_A_PLACE,
    ARTICLES,
    COMMON,
    NOT_NAMES,
    PARTS_OF_A_PLACE,
    SMALL_CODES,
)

_LONGEST_NAME = 8  # words with commas: "san luis potosi, san luis potosi, mexico"
_ABBREVIATED = re.compile(r"\b([a-z]|st|ft|mt|sta|sto|cd|pto|gral|col|edo)\.")
_PARTED = re.compile(r"[.!?;]+(?=\s|$)|~+")
# What follows says why or when, not where: "Houston when the kids are at school".
_NEW_THOUGHT = re.compile(
    r"\b(?:when|while|because|bc|cuz|since|cuando|mientras|porque|pero|but|if|unless|until)\b"
)
_DENIES = frozenset({"not", "no", "never", "nunca", "isnt", "aint", "tampoco", "left", "leaving"})
_MOVED = frozenset({"moved", "move", "moving", "mude", "mudo", "fui", "came", "vine"})
_FILLS = AROUND_A_PLACE | PARTS_OF_A_PLACE
_SMALL = COMMON | AROUND_A_PLACE | NOT_NAMES


@dataclass(frozen=True, slots=True)
class Choice:
    """The places that a stretch of a reply may mean.

    Attributes:
        found: the places, the likeliest first.
        start: the stretch's first word.
        end: the word after it.
    """

    found: tuple[Found, ...]
    start: int
    end: int


def split_places(plain: str) -> list[str]:
    """Return the words of a plain text, "," where a comma, a bracket or a line parts them, ";" at an end.

    Digits of a zip code are left out.
    """
    plain = _ABBREVIATED.sub(r"\1 ", plain)
    plain = re.sub(r"(?<=\w)[-'.](?=\w)", " ", plain)
    plain = _NEW_THOUGHT.sub(" ; ", _PARTED.sub(" ; ", plain))
    words = re.findall(r"[^\W_]+|,|;", re.sub(r"[^\w\s;]+|\n|\s-\s", " , ", plain))
    return [word for word in words if not re.fullmatch(r"\d{5}", word)]


def written_in_capitals(text: str) -> frozenset[str]:
    """Return the plain form of every short word in capitals; none when all of the text is."""
    if text.isupper() and len(text.split()) > 2:
        return frozenset()
    return frozenset(word.lower() for word in re.findall(r"\b[A-Z]{2,3}\b", text))


def find_places(words: list[str], text: str, home: str) -> list[Choice] | None:
    """Return the stretches that name a place, each with what it may mean; several when they disagree.

    When all other words are talk around a place, any place of the tables counts. Otherwise only a well known
    one does, that stands at the start of its own part of the reply. None when places are named, but none can
    be taken: denied ones, or a city in a state that has none of its name.
    """
    capitals = written_in_capitals(text)
    named = _named(words, capitals, home)
    kept = [each for each in named if not _is_denied(words, each)]
    covered = {place for each in named for place in range(each.start, each.end)}
    around = [word for place, word in enumerate(words) if place not in covered]
    if not all(word in _FILLS or word in ",;" for word in around):
        kept = [_with_misspelt_region(words, each, home) for each in kept]
        kept = [each for each in kept if "?" not in text and _stands_out(words, each, covered, text)]
    if any(_contradicts(words, each, capitals, home) for each in kept):
        return None
    if not kept:
        return None if any(each.found[0].known for each in named) else []
    return [_with_part(words, _with_small_code(words, each, home), home) for each in kept]


def _named(words: list[str], capitals: frozenset[str], home: str) -> list[Choice]:
    """Return every place that words name, the longest stretch first where they overlap, in order."""
    chosen: list[Choice] = []
    for start, end in _longest_first(words):
        if any(start < each.end and each.start < end for each in chosen):
            continue
        if found := look_up(_stretch(words, start, end, capitals), home):
            chosen.append(Choice(tuple(found), start, end))
    chosen = [each for each in chosen if not _is_only_small(words, each)]
    regions = {each.start for each in chosen if each.found[0].kind == "region"}
    # "Eastern Oregon" is a part of Oregon, not the clock of the east.
    chosen = [each for each in chosen if each.found[0].kind != "zone" or each.end not in regions]
    return sorted(chosen, key=lambda each: each.start)


def find_misspelt_place(words: list[str], home: str) -> list[Found]:
    """Return the places that the first part of a reply nearly names."""
    for part in _parts(words):
        kernel, lead = list(part), ""
        while kernel and kernel[0] in AROUND_A_PLACE | {","}:
            lead = kernel.pop(0)
        if kernel and lead in ARTICLES:
            return []  # "en el rancho" is a ranch
        while kernel and kernel[-1] in AROUND_A_PLACE | {","}:
            kernel.pop()
        kernel = [word for word in kernel if word != ","]
        if kernel:
            return look_up_misspelt(kernel, home) if len(kernel) <= 4 else []
    return []


def _parts(words: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if word == ";":
            yield part
            part = []
        else:
            part.append(word)
    yield part


def _longest_first(words: list[str]) -> list[tuple[int, int]]:
    """Return every stretch within one breath, those of most words first."""
    spans = [
        (start, end)
        for start in range(len(words))
        for end in range(start + 1, min(len(words), start + _LONGEST_NAME) + 1)
        if words[start] not in ",;" and words[end - 1] not in ",;" and ";" not in words[start:end]
    ]
    return sorted(spans, key=lambda span: (-sum(word != "," for word in words[slice(*span)]), span))


def _stretch(words: list[str], start: int, end: int, capitals: frozenset[str]) -> Stretch:
    after = words[end : end + 1]
    return Stretch(
        tuple(words[start:end]),
        capitals,
        is_last=not after or after[0] in _FILLS | {",", ";"},
        is_all=end == len(words),
        article=words[start - 1 : start] != [] and words[start - 1] in ARTICLES,
    )


def _is_only_small(words: list[str], choice: Choice) -> bool:
    """Tell whether a stretch of everyday words ("la", "este") is not the whole reply."""
    rest = [word for word in words[: choice.start] + words[choice.end :] if word not in ",;"]
    if choice.end - choice.start > 1 and choice.found[0].known:
        return False  # "el paso"
    return bool(rest) and all(word in _SMALL for word in words[choice.start : choice.end] if word != ",")


def _before(words: list[str], choice: Choice) -> list[str]:
    """Return the words before a stretch in its own part of the reply."""
    before = words[: choice.start]
    for place in range(len(before) - 1, -1, -1):
        if before[place] in ",;":
            return before[place + 1 :]
    return before


def _is_denied(words: list[str], choice: Choice) -> bool:
    """Tell whether a place is one where the writer is not: "not Dallas", "I moved from Dallas"."""
    before = _before(words, choice)
    if _DENIES & set(before):
        return True
    return bool(_MOVED & set(before)) and before[-1] in {"from", "de", "desde"}


def _stands_out(words: list[str], choice: Choice, covered: set[int], text: str) -> bool:
    """Tell whether a place may be taken though the reply says other things too."""
    first = choice.start - len(_before(words, choice))
    if not choice.found[0].known:
        return False
    if not all(place in covered or words[place] in _FILLS for place in range(first, choice.start)):
        return False
    if choice.found[0].kind == "region" and not _is_talk_before(words, choice, covered):
        return False  # "Dell City, Texas": a town that no table has
    after = []
    for word in words[choice.end :]:
        if word in ",;":
            break
        after.append(word)
    unknown = [word for word in after if word not in _FILLS]
    # "Houston yall", not "Houston Heights" nor "Jackson is my son's name".
    return not unknown or (
        len(unknown) == 1 and after[0] == unknown[0] and not _is_capitalised(unknown[0], text)
    )


def _is_talk_before(words: list[str], choice: Choice, covered: set[int]) -> bool:
    """Tell whether nothing that may be a town's name stands before a place in the same breath."""
    for place in range(choice.start - 1, -1, -1):
        if words[place] == ";":
            break
        if place not in covered and words[place] != "," and words[place] not in _FILLS:
            return False
    return True


def _is_capitalised(word: str, text: str) -> bool:
    return not text.isupper() and re.search(rf"\b{re.escape(word.title())}\b", text) is not None


def _with_misspelt_region(words: list[str], choice: Choice, home: str) -> Choice:
    """Heed a region that is nearly spelt after a city: "Ontario Oregn"."""
    after = words[choice.end : choice.end + 1]
    if not after:
        return choice
    name = " ".join(word for word in words[choice.start : choice.end] if word != ",")
    cities = cities_within(name, find_misspelt_regions(after[0], home), home)
    return Choice(tuple(Found(city) for city in cities), choice.start, choice.end + 1) if cities else choice


def _contradicts(words: list[str], choice: Choice, capitals: frozenset[str], home: str) -> bool:
    """Tell whether a state follows, plainly written, that has no city of the name: "Austin, OR"."""
    after = [word for word in words[choice.end : choice.end + 2] if word != ","][:1]
    if choice.found[0].kind != "city" or not after or after[0] not in SMALL_CODES & capitals:
        return False
    comma = words[choice.end] == ","
    stretch = _stretch(words, choice.start, choice.end + 1 + comma, capitals)
    regions = [region for region in find_regions(after[0], home) if region.division]
    if not regions or not is_written_as_region(after[0], stretch, comma):
        return False
    return not any(region.holds(each.city) for region in regions for each in choice.found)


def _with_small_code(words: list[str], choice: Choice, home: str) -> Choice:
    """Add the city that "Portland or" may mean: nobody who means "or" would end with it, so it is asked."""
    code, after = words[choice.end : choice.end + 1], words[choice.end + 1 : choice.end + 2]
    if not code or code[0] not in SMALL_CODES or (after and after[0] not in ",;"):
        return choice
    name = " ".join(word for word in words[choice.start : choice.end] if word != ",")
    regions = [region for region in find_regions(code[0], home) if region.division]
    cities = cities_within(name, regions, home)
    known = {found.city for found in choice.found}
    added = [Found(city, namesake=False) for city in cities if city not in known]
    if not added or _is_one_by_far(choice.found, added[0], home):
        return choice
    return Choice((*added, *choice.found), choice.start, choice.end)


def _is_one_by_far(found: tuple[Found, ...], other: Found, home: str) -> bool:
    """Tell whether a name alone means one great city: "Houston pa" is no small town in Pennsylvania."""
    best, *rest = found
    rivals = [other, *(each for each in rest if clock_rule(each.city.zone) != clock_rule(best.city.zone))]
    return best.namesake and all(best.city.weight(home) >= BY_FAR * each.city.weight(home) for each in rivals)


def _with_part(words: list[str], choice: Choice, home: str) -> Choice:
    """Offer every clock of a state when only a part of it is named: "west Texas", "eastern Oregon"."""
    if choice.found[0].kind != "region" or not PARTS_OF_A_PLACE & set(
        words[max(choice.start - 2, 0) : choice.start]
    ):
        return choice
    name = " ".join(words[choice.start : choice.end])
    main = main_city_of_each_clock(find_regions(name, home)[0]) if find_regions(name, home) else ()
    if len(main) < 2:
        return choice
    return Choice(
        tuple(Found(city, namesake=False, kind="region") for city in main), choice.start, choice.end
    )
