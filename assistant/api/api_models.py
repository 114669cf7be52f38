"""What goes in and out of the API, as types: they check what comes, and the description is made from them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MOST_PEOPLE = 500
"""Rows of one import; more go in several."""
MOST_AT_ONCE = 200
"""Circles on one page of a list."""
CODE_PATTERN = "^[A-Za-z0-9]{3,12}$"

Code = Annotated[str, Field(description="A circle's code, which people text after JOIN.", examples=["BOLD"])]
Cell = Annotated[str, Field(max_length=300)]


def _whole(number: object) -> object:
    """JSON knows one kind of number: 8.0 is 8."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


Whole = Annotated[int, BeforeValidator(_whole)]


class Out(BaseModel):
    """What goes out."""

    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class In(BaseModel):
    """What comes in: nothing that is not asked for, nothing turned into what it is not."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Wrong(BaseModel):
    """One thing that is wrong with what came in."""

    model_config = ConfigDict(extra="forbid")

    where: str = Field(description="Such as `people.3.phone`, counted from 0.")
    what: str


class Problem(BaseModel):
    """Why something could not be done, and how to mend it (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="Which kind of problem, as an address that need not lead anywhere.")
    title: str = Field(description="The kind in words.")
    status: int = Field(description="HTTP's status.")
    detail: str = Field(description="What is wrong this time, and how to mend it.")
    errors: list[Wrong] | None = Field(default=None, description="Of what came in, each thing that is wrong.")


class CohortSeen(Out):
    """The cohort that the token is for."""

    id: int
    name: str
    circles: int = Field(description="How many circles it has, those that are over included.")
    open_alerts: int = Field(
        description="How many times a person may need a person and nobody has closed it yet. Who it is "
        "about, and in which circle, is told by text to those on call, and nowhere else."
    )
    rights: Literal["read", "act"] = Field(description="What this token may do; `act` with all of `read`.")


class Count(Out):
    """A count of people. Of fewer than five it is hidden, and so is what would give a hidden one away."""

    value: int | None = Field(description="Null: hidden.")
    hidden: bool


class CircleSeen(Out):
    """One circle."""

    code: Code
    name: str
    language: str
    timezone: str
    state: Literal["gathering", "running", "closed"]
    size: int = Field(description="Seats.")
    members: Count = Field(description="Who holds a seat.")
    has_host: bool
    has_backup: bool
    program: str
    starts_on: dt.date | None
    ends_on: dt.date | None
    join_text: str = Field(description="What to text to join; to be passed on.", examples=["JOIN BOLD"])
    join_page: str = Field(description="A public page that says what it is, with a QR code.")
    as_of: dt.datetime = Field(description="When people were counted.")


class CirclesSeen(Out):
    """One page of the cohort's circles, the oldest first."""

    circles: list[CircleSeen]
    next_cursor: str | None = Field(
        description="Give it as `cursor` for the next page; null: this was the last."
    )


class FigureSeen(Out):
    """One figure of a report."""

    scope: str = Field(description="`cohort`, or a circle's code.")
    period: str = Field(description="`season`, or `week 3`.")
    figure: str = Field(examples=["response"])
    value: float | None = Field(description="Shares are 0 to 1. Null: hidden, or there was nothing to count.")
    hidden: bool
    at_least: float | None = Field(description="Of a hidden share of nearly everyone, so much all the same.")


class ReportSeen(Out):
    """How a cohort or a circle goes: what `circle report` tells, and nothing beyond it."""

    report: str = Field(description="The cohort's name, or the circle's code.")
    scope: str
    circles: list[str]
    weeks: int = Field(description="How many weeks are over.")
    first_day: dt.date | None
    last_day: dt.date | None
    as_of: dt.datetime
    figures: list[FigureSeen]


class InvitationsSeen(Out):
    """How far the cohort's invitations have come."""

    people: Count
    by_progress: dict[str, Count] = Field(
        description="queued, invited, reminded, confirmed, onboarding, in, left, declined, unreachable, "
        "no consent."
    )


class PersonToInvite(In):
    """A row of an import, as in `circle import`; only those who agreed are texted."""

    phone: Cell = Field(examples=["+1 415 555 0123"])
    name: Cell = ""
    language: Cell = Field(default="", examples=["es"])
    timezone: Cell = Field(default="", examples=["America/Chicago"])
    consent_at: Cell = Field(default="", description="When they agreed to it.", examples=["2027-02-20"])
    consent_source: Cell = Field(
        default="", description="Where, and to what words.", examples=["Web form, box ticked"]
    )
    hours: Cell = Field(default="", description="When it suits them; it helps to choose a circle.")
    teaches: Cell = ""
    learns: Cell = ""


class Import(In):
    """People to be invited."""

    circle: str | None = Field(
        default=None,
        pattern=CODE_PATTERN,
        description="Into this one. Left out: spread over those of the cohort that are gathering, by "
        "language, hours and what they teach.",
    )
    people: list[PersonToInvite] = Field(min_length=1, max_length=MOST_PEOPLE)


class RowSaid(Out):
    """A row that was not taken, and why."""

    row: int = Field(description="Its place in `people`, from 1 on.")
    reason: str


class Coming(Out):
    """How many of these people are invited to a circle."""

    circle: Code
    invited: int


class ImportDone(Out):
    """What becomes of the rows. That somebody said no, or STOP, is not told of anyone."""

    rows: int
    invited: int = Field(
        description="Will be texted an invitation, a few a minute, each in their own daytime; they are in "
        "when they answer JOIN themselves."
    )
    not_texted: int = Field(
        description="Have a seat, an invitation or an answer of their own already, or cannot be texted."
    )
    no_consent: list[int] = Field(description="Rows without a recorded consent: never texted.")
    no_seat: list[RowSaid] = Field(description="Rows for whom no circle has a seat.")
    wrong: list[RowSaid] = Field(description="Rows that cannot be taken as they are.")
    twice: list[RowSaid] = Field(description="Rows with the number of an earlier one.")
    circles: list[Coming]
    last_at: dt.datetime | None = Field(description="About when the last invitation leaves.")
    dry_run: bool


class CircleToMake(In):
    """A circle to be made in the cohort; nobody is texted before texting in."""

    name: str = Field(min_length=1, max_length=80)
    code: str = Field(pattern=CODE_PATTERN)
    language: str = Field(default="en", max_length=8)
    timezone: str = Field(default="America/New_York", max_length=64)
    size: Whole = Field(default=12, ge=2, le=40)
    program: str = Field(default="eight_weeks", max_length=40)
    starts_on: dt.date | None = None


class Start(In):
    """When a circle's season begins."""

    starts_on: dt.date | None = Field(
        default=None,
        description="Week 1 is that of the first Monday from then on. Else as planned, or today.",
    )


class Page(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")

    cursor: str | None = Field(
        default=None,
        pattern="^[0-9]{1,18}$",
        description="`next_cursor` of the page before; else the first.",
    )
    limit: int = Field(default=50, ge=1, le=MOST_AT_ONCE, description="How many on a page.")
