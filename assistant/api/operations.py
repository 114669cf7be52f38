"""All that the API can be asked for: one table, of which routes, checks and the description are made."""

from __future__ import annotations

from typing import Final

from assistant.api.api_models import (
    CircleSeen,
    CirclesSeen,
    CircleToMake,
    CohortSeen,
    Import,
    ImportDone,
    InvitationsSeen,
    Page,
    ReportSeen,
    Start,
)
from assistant.api.asking import Operation
from assistant.api.tool_acts import carry_out_import, foresee_import, make_circle, start
from assistant.api.tool_looks import (
    circle_report,
    cohort_report,
    list_circles,
    see_circle,
    see_cohort,
    see_invitations,
)

BASE: Final = "/api/v1"
DESCRIPTION_PATH: Final = "/api/openapi.json"

OPERATIONS: Final = (
    Operation(
        "seeCohort",
        "GET",
        "/cohort",
        "The cohort of this token",
        "Its name, how many circles it has, and how many alerts are open.",
        CohortSeen,
        see_cohort,
    ),
    Operation(
        "listCircles",
        "GET",
        "/circles",
        "The cohort's circles",
        "A page at a time, the oldest first.",
        CirclesSeen,
        list_circles,
        query=Page,
    ),
    Operation(
        "seeCircle",
        "GET",
        "/circles/{code}",
        "One circle",
        "Circles of other cohorts are answered as those that are not there.",
        CircleSeen,
        see_circle,
    ),
    Operation(
        "cohortReport",
        "GET",
        "/report",
        "How the cohort goes",
        "What `circle report COHORT` tells: counts and trends; what would say something about less than five "
        "people is hidden. That it was asked for goes on record.",
        ReportSeen,
        cohort_report,
    ),
    Operation(
        "circleReport",
        "GET",
        "/circles/{code}/report",
        "How one circle goes",
        "What `circle report CODE` tells, a part of the cohort's report.",
        ReportSeen,
        circle_report,
    ),
    Operation(
        "seeInvitations",
        "GET",
        "/invitations",
        "How far invitations have come",
        "Of the whole cohort, as counts; small ones hidden.",
        InvitationsSeen,
        see_invitations,
    ),
    Operation(
        "previewImport",
        "POST",
        "/imports/preview",
        "What would become of an import",
        "A dry run: nothing is written down, nobody is texted. It takes a token that may act, since it reads "
        "numbers.",
        ImportDone,
        foresee_import,
        takes=Import,
        changes=False,
    ),
    Operation(
        "import",
        "POST",
        "/imports",
        "Invite people",
        "Only those with a recorded consent are texted, once, a few a minute, each in their own daytime; "
        "they are in when they answer JOIN themselves. Running it again is harmless.",
        ImportDone,
        carry_out_import,
        takes=Import,
    ),
    Operation(
        "makeCircle",
        "POST",
        "/circles",
        "Make a circle",
        "It gathers people from then on. Nobody is texted before texting in.",
        CircleSeen,
        make_circle,
        takes=CircleToMake,
        status=201,
    ),
    Operation(
        "startCircle",
        "POST",
        "/circles/{code}/start",
        "Set a circle running",
        "Or move the weeks of one that runs. What has come to a member does not come again.",
        CircleSeen,
        start,
        takes=Start,
    ),
)
