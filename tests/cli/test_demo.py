"""The demo: a host and an organizer whose pages open at once, and nobody else who was not asked."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from assistant.circles.people.page_sessions import PATH, link_of
from assistant.circles.people.permissions import all_organized, hosted_by
from assistant.cli.demo import open_demo_page, set_up_demo
from assistant.cli.demo_phones import LUZ, PHONES, SOL
from assistant.runtime import build_runtime
from assistant.settings import load_settings
from assistant.store import migrate
from assistant.store.tables import Person


def test_host_and_organizer_of_the_demo_open_their_pages_at_once(tmp_path: Path) -> None:
    with build_runtime(load_settings({"CIRCLE_DATA": str(tmp_path)})) as opened:
        migrate.upgrade(opened.database)
        assert open_demo_page(opened, LUZ) is None
        assert set_up_demo(opened)
        assert not set_up_demo(opened)
        links = {number: open_demo_page(opened, number) for number in (LUZ, SOL)}
        with opened.database.read() as session:
            whose = {}
            for number, link in links.items():
                assert link is not None
                found = link_of(session, link.split(PATH)[1], opened.clock.now())
                assert found is not None
                whose[number] = found.person_id
            assert hosted_by(session, whose[LUZ])
            assert [each.name for each in all_organized(session, whose[SOL])] == ["Demo"]
            assert set(session.scalars(select(Person.name))) == {"Luz", "Sol"}
    assert {LUZ, SOL} < {phone["number"] for phone in PHONES}
