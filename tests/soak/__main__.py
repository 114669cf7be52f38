"""`make soak SEED=1 MINUTES=5 FORM=sqlite`: exits 1 when a promise was broken, and says how to repeat it."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
from collections.abc import Sequence

from tests.servers import NoServerError
from tests.soak.stores import FORMS
from tests.soak.trial import Outcome, Plan, soak
from tests.soak.waits import where_they_waited

SHOWN = 12
"""Broken promises of one kind that are shown in full."""


def main(arguments: Sequence[str]) -> int:
    """Run one soak and print what came of it."""
    plan = read_plan(arguments)
    again = (
        f"make soak SEED={plan.seed} MINUTES={plan.seconds / 60:g} FORM={plan.form} RATE={plan.rate:g}"
        f" EVERY={plan.every:g} WITHOUT={','.join(plan.without)}"
    )
    print(f"{again}\n{plan.phones} phones", file=sys.stderr)
    try:
        outcome = soak(plan)
    except NoServerError as error:
        print(error, file=sys.stderr)
        return 2
    print(describe(outcome, plan))
    if outcome.report.broken:
        print(f"Again: {again}")
    return 1 if outcome.report.broken else 0


def read_plan(arguments: Sequence[str]) -> Plan:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--form", choices=FORMS, default="sqlite")
    parser.add_argument("--rate", type=float, default=25.0, help="texts a second")
    parser.add_argument("--every", type=float, default=2.5, help="seconds from blow to blow; 0 for none")
    parser.add_argument("--without", default="", help="words in the names of blows to leave out, with commas")
    parser.add_argument("--latest", type=float, default=900.0, help="seconds; a later reply breaks a promise")
    parser.add_argument("--keep", default="", help="a folder for database and logs, should a promise break")
    given = parser.parse_args(arguments)
    return Plan(
        form=given.form,
        seed=given.seed,
        seconds=given.minutes * 60,
        rate=given.rate,
        every=given.every,
        latest=given.latest,
        keep=given.keep,
        without=tuple(word for word in given.without.split(",") if word),
    )


def describe(outcome: Outcome, plan: Plan) -> str:
    """What came of a soak, as text."""
    lines = [
        (
            f"{plan.form}, seed {plan.seed}, {plan.seconds / 60:g} min, Python {platform.python_version()},"
            f" {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}"
        ),
        (
            f"{outcome.texts} texts in ({outcome.texts / plan.seconds:.1f}/s), {outcome.received} out,"
            f" {outcome.struck.total()} blows, {outcome.restarts} restarts of the supervisor,"
            f" {outcome.seconds:.0f} s in all"
        ),
        "blows: " + ", ".join(f"{name} {count}" for name, count in sorted(outcome.struck.items())),
    ]
    seconds = sorted(reply.seconds for reply in outcome.report.replies)
    if len(seconds) > 1:
        hundredths = statistics.quantiles(seconds, n=100)
        lines.append(
            f"replies: {len(seconds)}, p50 {hundredths[49]:.2f} s, p90 {hundredths[89]:.1f} s,"
            f" p99 {hundredths[98]:.1f} s, max {seconds[-1]:.1f} s (aims: p50 2, p99 30)"
        )
    lines += where_they_waited(outcome.report.replies, outcome.evidence, outcome.moves, outcome.waited)
    counted = outcome.report.count()
    for verdict in sorted(counted):
        some = [each.what for each in outcome.report.broken if each.verdict == verdict]
        lines += [f"BROKEN, {verdict}: {counted[verdict]}", *(f"  {what}" for what in some[:SHOWN])]
    if not counted:
        lines.append("Nothing lost, doubled, out of order, mixed up, after STOP, at night, or late.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
