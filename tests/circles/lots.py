"""A cohort whose seats were drawn by lot, and what those of either arm answered."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from assistant.store.tables import Applicant, Cohort, Person, SeatDraw, Survey, SurveyAnswer
from tests.circles.played import Played
from tests.circles.town import NOW, Town

SEATED = [3] * 10 + [4] * 10 + [5] * 5
WAITING = [2] * 10 + [3] * 10 + [4] * 5


class Lots:
    """A cohort whose seats were drawn: a circle of those seated, and those who wait."""

    def __init__(
        self, town: Town, waiting: int = 30, cohort: Cohort | None = None, played: Sequence[Played] = ()
    ) -> None:
        self.town, self.session = town, town.session
        self.cohort: Cohort = cohort or town.cohort()
        played = played or [Played(town, people=30, cohort=self.cohort)]
        self.played = played[0]
        self.seats = [seat for each in played for seat in each.seats]
        people = [person for each in played for person in each.people]
        row = SeatDraw(
            cohort_id=self.cohort.id,
            rule="1",
            seats=len(people),
            seed="5e" * 32,
            commitment="0" * 64,
            lines=[],
            sealed_at=NOW,
            drawn_at=NOW,
        )
        self.session.add(row)
        self.session.flush()
        self.seated = [self._applicant(row, person, "seated") for person in people]
        self.waiting = [self._applicant(row, town.person(), "waiting") for _ in range(waiting)]
        self.session.flush()

    def _applicant(self, row: SeatDraw, person: Person, arm: str) -> Applicant:
        address_id = self.town.ctx(person).address_id
        made = Applicant(
            draw_id=row.id,
            person_id=person.id,
            address_id=address_id,
            place=1,
            arm=arm,
            state="waiting" if arm == "waiting" else "offered",
            state_at=NOW,
        )
        self.session.add(made)
        self.session.flush()
        return made

    def answer(self, arm: str, scores: Sequence[int], point: str = "end", item: str = "hope") -> None:
        """The first so many of an arm answered; those who have a seat as members."""
        if arm == "seated":
            rows = [{"member_id": seat.id} for seat in self.seats]
        else:
            rows = [{"applicant_id": each.id} for each in self.waiting]
        for row, score in zip(rows, scores, strict=False):
            self.score(score, point, item, **row)

    def score(self, score: int, point: str = "end", item: str = "hope", **whose: int) -> None:
        asked = select(Survey).filter_by(point=point, **whose)
        survey = self.session.scalars(asked).first()
        if survey is None:
            survey = Survey(point=point, state="yes", asked_at=NOW, **whose)
            self.session.add(survey)
            self.session.flush()
        self.session.add(SurveyAnswer(survey_id=survey.id, item=item, score=str(score), at=NOW))
        self.session.flush()
