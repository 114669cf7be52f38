"""Says where late replies waited: before our door, in the inbox, or in the outbox, and why as far as rows tell."""

from __future__ import annotations

import datetime as dt
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from tests.soak.verdicts import Evidence, Reply

LATE = 10.0
"""Seconds; of what took longer it is said where it waited."""
_NUMBER = re.compile(r"\d+")

Moves = Sequence[tuple[dt.datetime, dt.timedelta]]


def where_they_waited(replies: Sequence[Reply], evidence: Evidence, moves: Moves) -> list[str]:
    """Return a line for each stage of the way, and for each reason on the rows of what was late."""
    inbox = {row.sid: row for row in evidence.inbox}
    arrived = {each.sid: each.at for each in evidence.received}
    stages: dict[str, list[float]] = defaultdict(list)
    reasons: Counter[str] = Counter()
    for reply in replies:
        row = inbox[reply.sent.sid]
        if row.received_at is None or reply.row.created_at is None or reply.row.sid is None:
            continue
        at_door = _real(row.received_at, moves)
        written = _real(reply.row.created_at, moves)
        parts = {
            "to our door": (at_door - reply.sent.at).total_seconds(),
            "in the inbox": (written - at_door).total_seconds(),
            "in the outbox": (arrived[reply.row.sid] - written).total_seconds(),
        }
        for name, seconds in parts.items():
            stages[name].append(max(seconds, 0.0))
        if reply.seconds > LATE:
            where = max(parts, key=lambda name: parts[name])
            reasons[f"{where}, try {reply.row.attempt}"] += 1
    return [*_quantiles(stages), *_counted(reasons)]


def _quantiles(stages: dict[str, list[float]]) -> Iterator[str]:
    for name, seconds in stages.items():
        if len(seconds) > 1:
            hundredths = statistics.quantiles(seconds, n=100)
            yield (
                f"  {name}: p50 {hundredths[49]:.2f} s, p90 {hundredths[89]:.1f} s, p99 {hundredths[98]:.1f} s,"
                f" max {max(seconds):.1f} s"
            )


def _counted(reasons: Counter[str]) -> Iterator[str]:
    if reasons:
        yield f"later than {LATE:.0f} s, where they waited longest: " + ", ".join(
            f"{name}: {count}" for name, count in reasons.most_common()
        )


def _real(moment: dt.datetime, moves: Moves) -> dt.datetime:
    """The machine's time of a moment of the service's: the newest move that had been made by then."""
    for moved, offset in reversed(moves):
        if moment - offset >= moved:
            return moment - offset
    return moment - moves[0][1]
