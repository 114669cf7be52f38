"""Draws seats in a world, always the same ones for the same names, and seats whoever is next."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.carriers.twilio_addresses import to_uri
from assistant.circles.cohorts.assignment import spread_over_cohort
from assistant.circles.cohorts.import_entries import Entry
from assistant.circles.cohorts.waitlist import lots_of, seal_draw
from assistant.circles.surveys.survey_plan import switch_surveys
from assistant.conversations.import_invitations import invite_all
from assistant.conversations.importing.waiting_list import hold_draw, seat_next
from assistant.simulation.world import World
from assistant.store.tables import Cohort

SEED = "5e" * 32


def draw_seats(
    world: World, cohort: str, seats: int, names: Sequence[str], language: str | None = None
) -> None:
    """Import these people's numbers with a recorded consent, and draw so many seats among them."""
    now, services = world.clock.now(), world.services
    entries = [
        Entry(line, to_uri(world.number(name)), None, language, str(world.zone), now, "form at the library")
        for line, name in enumerate(names, 2)
    ]
    with world.database.write() as session:
        whose = session.get_one(Cohort, world.cohorts[cohort])
        lots = lots_of(session, entries, seats, seats)
        sealed = seal_draw(session, whose, lots, now, seed_of=lambda: SEED).id
    hold_draw(services, sealed, entries)
    with world.database.read() as session:
        whose = session.get_one(Cohort, world.cohorts[cohort])
        seating = spread_over_cohort(session, whose, entries, services.identity, now)
    invite_all(services, seating, entries)
    world.settle()


def seat_whoever_is_next(world: World, cohort: str) -> None:
    """Offer the seats that are free to those who wait, as `circle waitlist seat` does."""
    seat_next(world.services, world.cohorts[cohort])
    world.settle()


def have_asked(world: World, cohort: str) -> None:
    """Have a cohort's people asked before and after, as `circle survey COHORT on` does."""
    with world.database.write() as session:
        whose = session.get_one(Cohort, world.cohorts[cohort])
        switch_surveys(session, whose, world.clock.now(), on=True)
