"""Hides the figures of a report that would say something about fewer than five people.

The rule, after what statistical offices do (cell suppression; for percentages the US Medicare rule, that
no share may be shown from which a small count can be had):

1. **Fewer than five people are never shown.** What counts is people, not events: six alarms of one person
   are hers alone. Nought is fewer than five, too: a "none" that turns into a "<5" singles someone out, and
   says of each member that she did not.
2. **Nor their opposite.** "6 of 8 answered" says that two did not; so of a share both sides are five or more.
3. **Nothing hidden can be had by subtraction.** Where a total is the sum of its parts (a cohort's circles, a
   season's weeks), one hidden part is the total less the others. So of such a line none is hidden or at least
   two, and what is hidden under a total that is shown is, together, five people or more on each side. The
   part with the fewest people is given up first; when there is none left, the total.
4. **One sign for all of it**, so that nobody can tell a small figure from one that only covers for it. The
   one exception is a share of the whole that is hidden because nearly everyone did: no part of it is shown
   then, and `at_least` says so much of it that a circle which goes well can be seen to. It names one of a few
   round shares, which hold whether nobody, or one, or four did not.

What it does not do. Two reports of different days can be compared, and who left or came in between changes
them; figures of weeks therefore count only weeks that are over. And figures of different kinds are guarded
apart: fewer members now than were asked in some week hints at how many left, though pauses and late joins
blur it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, TypeVar

FEWEST: Final = 5
"""Fewer people than this are not shown."""

NOTCHES: Final = (0.9, 0.75, 0.5)
"""The shares that `at_least` names."""

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure, and the people it says something about."""

    value: float | None
    """None: there was nothing to count, such as pairs before the first round."""
    sides: tuple[AbstractSet[int], ...] = ()
    """Ids of those whom it counts and, where it is a share of something, of those whom it does not."""
    withheld: bool = False
    """Hidden however many they are."""


def hide(cells: Mapping[Key, Cell], sums: Sequence[tuple[Key, Sequence[Key]]]) -> set[Key]:
    """Which cells to hide, so that none of them can be had from what is shown.

    Args:
        cells: Everything that would be shown.
        sums: Lines: a total, and the parts that it is the sum of. A cell is a part of one line at most.
    """
    hidden = {key for key, cell in cells.items() if cell.withheld or not _enough(cell.sides)}
    moved = True
    while moved:
        moved = False
        for total, parts in sums:
            more = _to_give_up(cells, hidden, total, parts)
            if more is not None:
                hidden.add(more)
                moved = True
    return hidden


def at_least(share: Cell) -> float | None:
    """A round share that a hidden one is not below, as fewer than five of ten people or more did not.

    None: it is hidden for another reason. Only for a cell that is no part of another.
    """
    if share.withheld or share.value is None or len(share.sides) != 2:
        return None
    did, did_not = share.sides
    people = len(did | did_not)
    if len(did) < FEWEST or len(did_not) >= FEWEST or people < 2 * FEWEST:
        return None
    sure = min(share.value, (people - FEWEST + 1) / people)
    return next((notch for notch in NOTCHES if notch <= sure), None)


def _to_give_up(
    cells: Mapping[Key, Cell], hidden: AbstractSet[Key], total: Key, parts: Sequence[Key]
) -> Key | None:
    """What has to be hidden next in a line; None: it is safe as it is."""
    gone = [part for part in parts if part in hidden]
    if total in hidden:
        safe = bool(gone)
    else:
        safe = not gone or (len(gone) > 1 and _enough(_together([cells[part] for part in gone])))
    if safe:
        return None
    # What is empty is nought for everyone to see: it covers for nothing.
    shown = [part for part in parts if part not in hidden and cells[part].value is not None]
    if shown:
        return min(shown, key=lambda part: min((len(side) for side in cells[part].sides), default=0))
    return None if total in hidden else total


def _enough(sides: Sequence[AbstractSet[int]]) -> bool:
    return all(len(side) >= FEWEST for side in sides)


def _together(cells: Sequence[Cell]) -> list[set[int]]:
    return [set().union(*sides) for sides in zip(*(cell.sides for cell in cells), strict=True)]
