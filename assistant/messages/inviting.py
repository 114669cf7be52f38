"""Carries out an import: invitations and their consent written down, and the invitation queued for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from assistant.circles.entries import Entry
from assistant.circles.importing import CHUNK, take
from assistant.circles.organizing import find_circle
from assistant.messages import consent
from assistant.messages.desk import Desk
from assistant.messages.effects import tell


def invite_all(
    desk: Desk, code: str, entries: Sequence[Entry], step: Callable[[int], None] = lambda _count: None
) -> Counter[str]:
    """Invite everyone whose consent is on record, in chunks of one transaction each; how many met which fate.

    Interrupted and run again, it goes on where it stopped.

    Args:
        desk: Where texts are written.
        code: The circle's.
        entries: Checked rows of a file.
        step: Told how many entries were just done.

    Raises:
        NotPossible: there is no such circle.
    """
    fates: Counter[str] = Counter()
    for start in range(0, len(entries), CHUNK):
        chunk = entries[start : start + CHUNK]
        now = desk.clock.now()
        with desk.database.write() as session:
            circle = find_circle(session, code)
            taken = take(session, circle, chunk, sender=desk.house.sender, now=now)
            for agreed in taken.agreed:
                consent.agree(
                    session, agreed.address_id, desk.house.sender, agreed.wording, "import", agreed.at
                )
            for each in taken.tells:
                tell(session, desk, each, now)
        fates += taken.fates
        step(len(chunk))
    if fates:
        desk.wake("delivery")
    return fates
