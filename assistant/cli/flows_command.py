"""Shows authors what their flows do: checked, drawn, played, and counted by version."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.cli.output import as_json, print_json, print_table, say
from assistant.language.languages import FALLBACK, LANGUAGES

if TYPE_CHECKING:
    from assistant.engine.book import FlowBook


@click.group()
def flows() -> None:
    """The conversations in flows/, which anyone can edit: see flows/README.md."""


@flows.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--texts", is_flag=True, help="List every text with what it costs at worst.")
@as_json
def check(folder: Path | None, texts: bool, as_json: bool) -> None:
    """Say everything that is wrong with the flow files, in this project's flows/ or in FOLDER."""
    from assistant.engine.problems import FlowErrors

    try:
        book = _book(folder)
    except FlowErrors as errors:
        if as_json:
            print_json({"problems": [dataclasses.asdict(each) for each in errors.problems]})
        else:
            say(str(errors))
        raise click.exceptions.Exit(1) from None
    if as_json:
        print_json(
            {
                "problems": [],
                "warnings": [dataclasses.asdict(each) for each in book.warnings],
                "texts": [dataclasses.asdict(each) for each in book.measured],
            }
        )
        return
    for warning in book.warnings:
        say(f"Warning: {warning}")
    if texts:
        rows = [(each.file, each.step, each.key, each.encoding, each.segments) for each in book.measured]
        print_table(("FILE", "STEP", "TEXT", "ENCODING", "SEGMENTS AT WORST"), rows)
    _summarize(book)


def _summarize(book: FlowBook) -> None:
    most: dict[str, tuple[int, int]] = {}
    for each in book.measured:
        count, worst = most.get(each.file, (0, 0))
        most[each.file] = (count + 1, max(worst, each.segments))
    print_table(
        ("FILE", "TEXTS", "SEGMENTS AT WORST"), [(name, *figures) for name, figures in sorted(most.items())]
    )
    click.echo(f"{len(book.flows)} flows and {len(book.notices)} notices are well.")


@flows.command()
@click.argument("flow")
def draw(flow: str) -> None:
    """Print the flow FLOW as a Mermaid diagram; paste it into a Markdown file or mermaid.live."""
    from assistant.engine.drawing import draw as drawn

    click.echo(drawn(_book().flow(flow)))


@flows.command()
@click.argument("flow")
@click.option(
    "--language", default=FALLBACK, show_default=True, type=click.Choice(list(LANGUAGES)), help="Ana's."
)
@click.option("--plain", is_flag=True, help="As on a phone that others see.")
@click.option(
    "--with", "values", multiple=True, metavar="NAME=VALUE", help="What a program passes in: week=2."
)
def play(flow: str, language: str, plain: bool, values: tuple[str, ...]) -> None:
    """Play the flow FLOW here: you are Ana, and nobody is texted."""
    from assistant.cli.flow_player import play as played
    from assistant.cli.flow_player import read_values

    played(_book(), flow, read_values(values), language=language, plain=plain)


@flows.command()
@as_json
def status(as_json: bool) -> None:
    """How many conversations stand in which version of each flow."""
    from assistant.circles.reports.flow_counts import by_version
    from assistant.cli.opening import runtime

    with runtime(quiet=as_json) as opened:
        book = opened.book
        with opened.database.read() as session:
            counts = by_version(session)
    today = {(flow.name, flow.version) for flow in book.flows.values()}
    rows = [
        {
            "flow": flow,
            "version": version,
            "today": (flow, version) in today,
            "conversations": counts.get(key, 0),
        }
        for key in sorted(today | counts.keys())
        for flow, version in [key]
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("FLOW", "VERSION", "", "CONVERSATIONS"),
        [
            (row["flow"], row["version"], "today's" if row["today"] else "older", row["conversations"])
            for row in rows
        ],
    )


def _book(folder: Path | None = None) -> FlowBook:
    from assistant.runtime import FLOWS, read_flows

    return read_flows(folder or FLOWS)
