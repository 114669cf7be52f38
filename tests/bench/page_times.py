"""What each page costs with 1,000 circles and 10,000 members: processor time an answer, in process.

The floor, in turns with them: Flask, one row by its key, and a template with its name in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Final, cast

from flask import Flask, render_template_string
from flask.testing import FlaskClient
from sqlalchemy import Integer, String, literal, select
from sqlalchemy import cast as sql_cast

from assistant.circles.people.page_sessions import make_link, open_link
from assistant.circles.reports.kept_reports import keep_large
from assistant.simulation.world import World
from assistant.store.database import Database
from assistant.store.tables import Circle, Role
from tests.bench.delivery import NOON, InHand, put_in, services_of
from tests.bench.figures import BOOK, QUICK_ROUNDS, ROUNDS, in_turns
from tests.bench.inbound import backends
from tests.bench.made_rows import CIRCLES, MEMBERS, i
from tests.bench.row import Row
from tests.bench.season_world import season
from tests.pages.site import pages_of

NAME = "pages"
IN_ALL: Final = 1_000
"""Circles."""
HOST, MEMBER, ORGANIZER, OPERATOR = 1, 2_500, 2_600, 2_700
"""Ids of people; the first hosts the circle C1."""
PAGES: Final[Mapping[str, tuple[int | None, str]]] = {
    "front": (None, "/"),
    "how to join": (None, "/join"),
    "join one circle": (None, "/join/C1"),
    "privacy": (None, "/privacy"),
    "the host's": (HOST, "/circle/C1"),
    "an organizer's": (ORGANIZER, "/organizer"),
    "the circles of a cohort of 900 in counts": (ORGANIZER, "/organizer/cohort/2"),
    "the report of a cohort of 900": (ORGANIZER, "/organizer/cohort/2/report"),
    "where a file is brought": (ORGANIZER, "/organizer/cohort/2/import"),
    "the operator's": (OPERATOR, "/service"),
    "flows": (OPERATOR, "/flows"),
    "one flow": (OPERATOR, "/flows/onboarding"),
    "a flow to be played": (ORGANIZER, "/flows/onboarding/play"),
    "a member's own": (MEMBER, "/me"),
}
"""What is looked at -> by whom, and where."""


def run(*, quick: bool = False) -> list[Row]:
    """Every page, on SQLite and, unless quick, on PostgreSQL."""
    rows = []
    with backends() as (_, _, urls):
        for backend, url in urls.items():
            if quick and backend != "SQLite":
                continue
            database = season(url)
            fill_up(database)
            # As a worker does every hour: a report on a large cohort is not counted as it is asked for.
            keep_large(database, NOON)
            rows += answers(database, backend, QUICK_ROUNDS if quick else ROUNDS)
            database.close()
    return rows


def answers(database: Database, backend: str, rounds: int) -> list[Row]:
    """What each page costs, against the floor."""
    services = replace(services_of(database, InHand()), book=BOOK)  # type: ignore[arg-type]
    about = SimpleNamespace(services=services, database=database, clock=services.clock)
    app = pages_of(cast("World", about))
    found = in_turns(
        {"floor": floor_of(database), **{name: look(app, database, *each) for name, each in PAGES.items()}},
        database,
        rounds,
    )
    floor = found.pop("floor")
    rows = [Row(f"the floor: a row and a template by Flask, {backend}", floor, "ms")]
    for name, took in found.items():
        rows.append(Row(f"page: {name}, {backend} (× {took / floor:.0f})", took, "ms", None, "≤ 100", "≤ 50"))
    return rows


def look(app: Flask, database: Database, who: int | None, path: str) -> Callable[[Database], None]:
    """A browser of its own, in which somebody is signed in, that asks for a page."""
    client: FlaskClient = app.test_client()
    if who is not None:
        with database.write() as session:
            opened = open_link(session, make_link(session, who, "mine", NOON), NOON)
        assert opened is not None
        client.set_cookie("circle", opened[1])

    def ask(_: Database) -> None:
        answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answers {answer.status_code}")

    return ask


def floor_of(database: Database) -> Callable[[Database], None]:
    """The least that a page of a circle does."""
    app = Flask("floor", static_folder=None)

    @app.get("/<int:number>")
    def page(number: int) -> str:
        with database.read() as session:
            name = session.execute(select(Circle.name).where(Circle.id == number)).scalar_one()
        return render_template_string(
            "<!doctype html><title>{{ name }}</title><h1>{{ name }}</h1>", name=name
        )

    client = app.test_client()

    def ask(_: Database) -> None:
        if client.get("/1").status_code != 200:
            raise RuntimeError("the floor does not answer")

    return ask


def fill_up(database: Database) -> None:
    """The circles that the season lacks, and who looks."""
    more = literal(CIRCLES, Integer)
    put_in(
        database, Circle, IN_ALL - CIRCLES,
        id=i + more, code=literal("C").concat(sql_cast(i + more, String)), name="Oak", zone="America/Chicago",
        state="gathering", cohort_id=2, language="en", size=12, program="eight_weeks", created_at=NOON,
    )  # fmt: skip
    with database.write() as session:
        held = {"offered_at": NOON, "accepted_at": NOON}
        session.add_all(
            [
                Role(id=MEMBERS + 1, person_id=ORGANIZER, kind="organizer", cohort_id=1, **held),
                Role(id=MEMBERS + 2, person_id=ORGANIZER, kind="organizer", cohort_id=2, **held),
                Role(id=MEMBERS + 3, person_id=OPERATOR, kind="operator", **held),
            ]
        )
