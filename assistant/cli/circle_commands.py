"""Makes cohorts and circles, and starts circles."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from assistant.cli.output import as_json, print_json, say
from assistant.language.languages import FALLBACK, LANGUAGES

if TYPE_CHECKING:
    from segno import QRCode

    from assistant.runtime import Runtime
    from assistant.store.tables import Circle


@click.group()
def cohort() -> None:
    """Circles that an organizer runs together."""


@cohort.command("create")
@click.argument("name")
@click.option(
    "--organizer", required=True, metavar="PHONE", help="Who runs it, and hears nothing before texting in."
)
@as_json
def create_cohort(name: str, organizer: str, as_json: bool) -> None:
    """Make a cohort NAME, whose circles are then made with --cohort NAME."""
    from assistant.circles.hosts import circle_setup
    from assistant.cli.opening import runtime

    with runtime() as opened, opened.database.write() as session:
        made = circle_setup.create_cohort(
            session, name, organizer, country=opened.settings.default_country, now=opened.clock.now()
        )
        made_id, made_name = made.id, made.name
    if as_json:
        print_json({"id": made_id, "name": made_name})
        return
    click.echo(f"Cohort {made_name!r} is made.")
    say(f"Next: circle create NAME --code CODE --cohort {_quoted(made_name)} --host PHONE")


@click.command()
@click.argument("name")
@click.option("--code", required=True, help="What people text after JOIN: 3 to 12 letters and digits.")
@click.option("--cohort", metavar="NAME", help="The cohort it belongs to.")
@click.option("--host", metavar="PHONE", help="Who hosts it, and hears nothing before texting HOST CODE.")
@click.option("--backup", metavar="PHONE", help="Who stands in for the host.")
@click.option(
    "--program", default="eight_weeks", show_default=True, help="The season's plan, from flows/programs."
)
@click.option(
    "--starts", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="First day, such as 2027-03-01."
)
@click.option(
    "--timezone", default="America/New_York", show_default=True, metavar="ZONE", help="Where it is."
)
@click.option(
    "--language",
    default=FALLBACK,
    show_default=True,
    help=f"{' or '.join(LANGUAGES)}, for those who have not said.",
)
@click.option("--size", default=12, show_default=True, help="Seats; 8 is right.")
@click.option("--survey", is_flag=True, help="Ask members a few questions before and after: circle survey.")
@click.option(
    "--qr", "picture", type=click.Path(path_type=Path), metavar="FILE", help="The QR code as .svg or .png."
)
@as_json
def create(
    name: str,
    code: str,
    cohort: str | None,
    host: str | None,
    backup: str | None,
    program: str,
    starts: dt.datetime | None,
    timezone: str,
    language: str,
    size: int,
    survey: bool,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Make a circle NAME that people join by texting JOIN CODE."""
    from assistant.circles.hosts.circle_setup import Plan, create_circle
    from assistant.cli.opening import runtime
    from assistant.errors import NotPossible

    if picture is not None and picture.suffix.lower() not in (".svg", ".png"):
        raise click.UsageError("--qr writes .svg or .png; name the file accordingly")
    plan = Plan(
        name,
        code,
        cohort,
        host,
        backup,
        program,
        starts.date() if starts else None,
        timezone,
        language,
        size,
        surveyed=survey,
    )
    with runtime() as opened:
        _ = opened.book  # the join line comes from it: rather no circle than one without
        with opened.database.write() as session:
            made = create_circle(
                session, plan, country=opened.settings.default_country, now=opened.clock.now()
            )
        joining = _Joining(opened, made)
    if picture is not None:
        try:
            joining.save_picture(picture)
        except OSError as error:
            raise NotPossible(
                f"The circle is made, but {picture} could not be written: {error.strerror}."
            ) from None
    if as_json:
        print_json(joining.data())
        return
    joining.show(hosts=[kind for kind, phone in (("host", host), ("backup host", backup)) if phone])


class _Joining:
    """All that people need to join a circle, ready to be shown or passed on."""

    def __init__(self, opened: Runtime, circle: Circle) -> None:
        self.code, self.name = circle.code, circle.name
        self.number = our_number(opened)
        self.line = join_line(opened, circle, self.number)
        url = opened.settings.public_url
        self.page = f"{url}/join/{circle.code}" if url else None

    @property
    def link(self) -> str:
        """Opens a phone's texting with everything filled in; `?&` is what both Android and iOS take."""
        return f"sms:{self.number}?&body={quote(f'JOIN {self.code}')}"

    def data(self) -> dict[str, str]:
        return {
            "code": self.code,
            "name": self.name,
            "join_line": self.line,
            "sms_link": self.link,
            **({"join_page": self.page} if self.page else {}),
            "host_text": f"HOST {self.code}",
        }

    def save_picture(self, file: Path) -> None:
        self._code().save(str(file), scale=8)

    def show(self, hosts: list[str]) -> None:
        click.echo(f"{self.name} is ready to be joined.\n")
        click.echo(f"To pass on by text:\n  {self.line}\n")
        click.echo(f"As a link:\n  {self.link}\n")
        if self.page:
            click.echo(f"As a page, which says what it is and that STOP ends it:\n  {self.page}\n")
        click.echo("As a QR code, which opens that text:\n")
        self._code().terminal(compact=True)
        for kind in hosts:
            click.echo(f"The {kind} hears nothing before texting in. Tell them yourself:")
            click.echo(f"  Text HOST {self.code} to {self.number}")
        if not hosts:
            say(f"Nobody hosts it yet: make it with --host PHONE, who then texts HOST {self.code}.")

    def _code(self) -> QRCode:
        import segno

        return segno.make(f"SMSTO:{self.number}:JOIN {self.code}", error="m", micro=False)


def our_number(opened: Runtime) -> str:
    """The number to text: as set, else the first of the messaging service's, else words that stand for it."""
    import asyncio

    from assistant.carriers.carrier import CarrierError
    from assistant.carriers.twilio_carrier import TwilioCarrier

    async def ask(carrier: TwilioCarrier) -> str | None:
        try:
            return await carrier.number()
        finally:
            await carrier.close()  # connections belong to this loop

    number: str | None = opened.identity.number
    if not number and isinstance(opened.carrier, TwilioCarrier):
        try:
            number = asyncio.run(ask(opened.carrier))
        except CarrierError:
            say("Warning: the carrier does not say which number is ours; set TWILIO_FROM to it.")
    return number or "our number"


def join_line(opened: Runtime, circle: Circle, number: str) -> str:
    """The line that people forward to friends themselves, in the circle's language; `number` is ours."""
    from assistant.engine.wording import choose_text
    from assistant.language.rendering import render_rich

    text = choose_text(opened.book.notice("join_line"), circle.language, {})
    return render_rich(text, {"code": circle.code, "number": number})


@click.command()
@click.argument("code")
@click.option(
    "--on", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="First day; today when left out."
)
def start(code: str, day: dt.datetime | None) -> None:
    """Set the circle CODE running; with --on, also move the weeks of one that runs already.

    Weeks begin on Mondays: week 1 is that of the first Monday from DATE on. What has come to a member does
    not come again.
    """
    from assistant.circles.hosts.circle_setup import start_circle
    from assistant.cli.opening import runtime

    with runtime() as opened, opened.database.write() as session:
        started = start_circle(session, code, now=opened.clock.now(), starts_on=day.date() if day else None)
        line = (
            f"{started.name} ({started.code}) is running: "
            f"week 1 is that of {started.starts_on:%A %Y-%m-%d}, its last day {started.ends_on:%A %Y-%m-%d}."
        )
    click.echo(line)


def _quoted(name: str) -> str:
    import shlex

    return shlex.quote(name)
