"""The `circle` command: finds the command that was asked for, and answers every mistake in plain words.

A command's module is imported only when it is run: each process starts with no more than it needs.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

import click

COMMANDS: Final = {
    # name: (module, its function, what --help says)
    "run": ("run_command", "run", "Everything on this machine: page with phones, no account needed."),
    "web": ("processes", "web", "The web process: the carriers' doors, health and metrics."),
    "worker": ("processes", "worker", "Handle what came in, or deliver what goes out."),
    "clock": ("processes", "clock", "Wake workers when something is due."),
    "carrier": ("processes", "carrier", "The local carrier: Twilio's API and phones on a page."),
    "migrate": ("maintenance_commands", "migrate", "Bring the database up to date."),
    "doctor": ("doctor", "doctor", "Check every piece, and say what is wrong and how to mend it."),
    "key": ("key_command", "key", "The key that words and numbers are sealed with: make one, change it."),
    "backup": (
        "maintenance_commands",
        "backup",
        "Copy the whole database into a file, while everything runs.",
    ),
    "cohort": ("circle_commands", "cohort", "Circles that an organizer runs together."),
    "create": ("circle_commands", "create", "Make a circle, with a join line and a QR code to pass on."),
    "import": ("import_command", "import_", "Invite people from a spreadsheet, with their recorded consent."),
    "waitlist": (
        "evaluating.waitlist_command",
        "waitlist",
        "Seats that were drawn by lot: how the list stands, who is next, the proof.",
    ),
    "start": ("circle_commands", "start", "Set a circle running."),
    "host": (
        "rights.host_command",
        "host",
        "Offer someone the seat as host or backup, beside another or in their place.",
    ),
    "operator": (
        "rights.operator_command",
        "operator",
        "Who sees to the whole service, and has a page for it.",
    ),
    "api": (
        "tools.api_command",
        "api",
        "An organizer's other tools: tokens, and hooks that tell what happened.",
    ),
    "break": ("break_command", "break_", "Days on which nothing planned is sent: a holiday, a rest."),
    "status": ("status_command", "status", "How circles stand, in numbers."),
    "survey": (
        "evaluating.survey_command",
        "survey",
        "Ask members a few questions before and after; only counts are told.",
    ),
    "report": ("report_command", "report", "How a circle or a cohort goes: counts and trends, for a funder."),
    "audit": ("audit_command", "audit", "Who did what, when, and each step that alerts took."),
    "words": ("person_commands", "words", "A person's own words in a file, for them; WHO tells them."),
    "forget": ("person_commands", "forget", "Forget a person at their wish, as ERASE ME does."),
    "consent": (
        "number.consent_command",
        "consent",
        "When and how a number agreed or stopped, for a dispute.",
    ),
    "register": (
        "number.register_command",
        "register",
        "What a number's registration asks for, and would be refused.",
    ),
    "flows": ("flows_command", "flows", "Check, draw, play and count the conversations in flows/."),
    "templates": (
        "channels.templates_command",
        "templates",
        "What WhatsApp approves of our wording, and how that goes.",
    ),
    "simulate": ("simulate_command", "simulate", "Play a whole season, and watch every promise."),
    "danger": (
        "danger_command",
        "danger",
        "How often words of danger are missed, or seen where there are none.",
    ),
    "forward": ("forward_command", "forward", "Let time pass at once; with TIME_TRAVEL=1 only."),
    "pause": ("text_commands", "pause", "Hold every text back but safety texts, until `circle resume`."),
    "resume": ("text_commands", "resume", "Let texts leave again."),
    "inbox": ("text_commands", "inbox", "Texts that came in: list those set aside, or try them again."),
    "outbox": ("text_commands", "outbox", "Texts that go out: what waits, and why."),
}
HIDDEN: Final = {
    "redis": ("processes", "redis", "The embedded Redis."),
    "prepare": ("prepare_command", "prepare", "What `circle run` has done beside itself."),
}

CANNOT: Final = 1
WRONG_USAGE: Final = 2


class _Commands(click.Group):
    """Knows its commands by name, and imports one when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        place = (COMMANDS | HIDDEN).get(cmd_name)
        if place is None:
            return None
        module, name, _help = place
        found: click.Command = getattr(importlib.import_module(f"assistant.cli.{module}"), name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_module, _name, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            if near and "Did you mean" not in error.format_message():
                raise click.UsageError(f"{error.message} Did you mean {near[0]}?", ctx) from None
            raise


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
def circle() -> None:
    """One phone number that a peer mentorship circle texts.

    Settings come from the environment (see the README). Data is printed on standard output, everything else
    on standard error. Exit status: 0 done, 1 could not, 2 wrong usage.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its status; the files that it makes are for their owner only."""
    os.umask(0o077)
    try:
        result: Any = circle.main(args=arguments, prog_name="circle", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.Abort:
        click.echo("Stopped; nothing more was done.", err=True)
        sys.exit(CANNOT)
    except click.UsageError as error:
        error.show()
        sys.exit(WRONG_USAGE)
    except click.ClickException as error:
        error.show()
        sys.exit(CANNOT)
    except Exception as error:
        sentence = _explain(error)
        if sentence is None:
            raise
        click.echo(sentence, err=True)
        sys.exit(CANNOT)
    sys.exit(result if isinstance(result, int) else 0)


def _explain(error: Exception) -> str | None:
    """Return what to tell whoever ran the command; None for a fault of ours, which deserves its traceback."""
    kinds = {each.__name__ for each in type(error).__mro__}
    if kinds & {"SettingsErrors", "NotPossible", "FlowErrors", "EngineError", "UnreadableTable"}:
        return str(error)
    if kinds & {"WrongKeyError", "SealError"}:
        return str(error)
    if kinds & {"RedisNotStarted", "FaultError", "UnknownRevisionError"}:
        return str(error)
    if "OperationalError" in kinds:
        return (
            "The database does not answer as expected. `circle doctor` says what is wrong and how to mend it."
        )
    if "BrokenPipeError" in kinds:
        return ""
    return None


if __name__ == "__main__":
    main()
