"""Writes a revision from the difference between the last one and today's tables: `python -m ... "Why."`."""

import sys
from tempfile import TemporaryDirectory

from alembic import command

from assistant.store import migrate
from assistant.store.database import Database

USAGE = 'Usage: python -m assistant.store.migrations "Why the tables change." | --first'

HOOK = {
    "hooks": "format",
    "format.type": "module",
    "format.module": "ruff",
    "format.options": "format --quiet REVISION_SCRIPT_FILENAME",
}


def write(message: str, *, first: bool = False) -> None:
    """Write the next revision, or the first one anew.

    Only the tables' names, columns, keys and indexes are compared: a changed CHECK has to be written by hand.
    """
    if first:
        for path in (migrate.FOLDER / "versions").glob("[0-9]*.py"):
            path.unlink()
    number = len(migrate.revisions()) + 1
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/empty.db")
        if not first:
            migrate.upgrade(database)
        with database.engine.connect() as connection:
            config = migrate.alembic_config(connection)
            for option, value in HOOK.items():
                config.set_section_option("post_write_hooks", option, value)
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
        database.close()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--first"]:
            write("Make every table.", first=True)
        case [message] if not message.startswith("-"):
            write(message)
        case _:
            sys.exit(USAGE)
