"""Says where late replies waited: before our door, in the inbox, or in the outbox, and for what."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from tests.soak.verdicts import Evidence, Reply

LATE = 10.0
"""Seconds; of what took longer it is said where it waited."""
SHOWN_FROM = 0.005
"""The share of a cause that is worth a line."""

Moves = Sequence[tuple[dt.datetime, dt.timedelta]]


def where_they_waited(
    replies: Sequence[Reply],
    evidence: Evidence,
    moves: Moves,
    waited: Mapping[int, Mapping[str, float]],
) -> list[str]:
    """Return a line for each stage of the way, and for each cause of what was late.

    Args:
        replies: All of them.
        evidence: What was sent and received, and the rows.
        moves: When (real) the service's clock was moved to how far ahead.
        waited: By the id of an outbox row: seconds by cause.
    """
    inbox = {row.sid: row for row in evidence.inbox}
    arrived = {each.sid: each.at for each in evidence.received}
    stages: dict[str, list[float]] = defaultdict(list)
    reasons: dict[str, float] = defaultdict(float)
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
            for name in ("to our door", "in the inbox"):
                reasons[name] += parts[name]
            for name, some in waited.get(reply.row.id, {}).items():
                reasons[name] += some
    return [*_quantiles(stages), *_counted(reasons)]


def _quantiles(stages: dict[str, list[float]]) -> Iterator[str]:
    for name, seconds in stages.items():
        if len(seconds) > 1:
            hundredths = statistics.quantiles(seconds, n=100)
            yield (
                f"  {name}: p50 {hundredths[49]:.2f} s, p90 {hundredths[89]:.1f} s,"
                f" p99 {hundredths[98]:.1f} s, max {max(seconds):.1f} s"
            )


def _counted(reasons: Mapping[str, float]) -> Iterator[str]:
    together = sum(reasons.values())
    if together:
        yield f"where those later than {LATE:.0f} s waited:"
        for name, seconds in sorted(reasons.items(), key=lambda each: -each[1]):
            if seconds / together >= SHOWN_FROM:
                yield f"  {seconds / together:4.0%} {name}"


def _real(moment: dt.datetime, moves: Moves) -> dt.datetime:
    """The machine's time of a moment of the service's: the newest move that had been made by then."""
    for moved, offset in reversed(moves):
        if moment - offset >= moved:
            return moment - offset
    return moment - moves[0][1]
