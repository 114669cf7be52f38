"""The rows that nearly every turn looks at, by whose they are; read once for all people of a batch.

Each of them is filtered where it is used, by what the row says now. See `assistant.store.read_ahead`.
"""

from __future__ import annotations

from typing import Final

from assistant.store.read_ahead import RowsBy
from assistant.store.tables import (
    Address,
    Alert,
    Answer,
    Break,
    Circle,
    Consent,
    Invitation,
    Member,
    Person,
    Question,
    Role,
    Timer,
)
from assistant.store.tables.operation_tables import URGENT

CIRCLES_BY_CODE: Final = RowsBy(Circle, "code", tells=(("circle_id", "id"), ("named_circle_id", "id")))
CIRCLES: Final = RowsBy(Circle, "id", called="circle_id", tells=(("cohort_id", "cohort_id"),))
SEATS_OF_PERSON: Final = RowsBy(Member, "person_id", tells=(("member_id", "id"), ("circle_id", "circle_id")))
SEATS_OF_CIRCLE: Final = RowsBy(Member, "circle_id")
ROLES_OF_PERSON: Final = RowsBy(Role, "person_id", (Role.ended_at.is_(None),))
ROLES_OF_CIRCLE: Final = RowsBy(
    Role, "circle_id", (Role.ended_at.is_(None),), tells=(("person_id", "person_id"),)
)
PEOPLE: Final = RowsBy(Person, "id", called="person_id")
ADDRESSES: Final = RowsBy(
    Address, "person_id", (Address.retired_at.is_(None),), tells=(("address_id", "id"),)
)
BREAKS_OF_CIRCLE: Final = RowsBy(Break, "circle_id")
BREAKS_OF_COHORT: Final = RowsBy(Break, "cohort_id")
LEDGER: Final = RowsBy(Consent, "address_id")
INVITATIONS: Final = RowsBy(Invitation, "address_id")
PROMPTS: Final = RowsBy(
    Timer, "member_id", (Timer.key.is_not(None),), holds=lambda timer: timer.key is not None
)
"""Planned prompts of a seat, those that have come among them."""
ASKED: Final = RowsBy(Question, "person_id", (Question.state != "closed",))
"""What a person is being asked, or was and will be again."""
ANSWERS_TO: Final = RowsBy(Answer, "inbox_id", called="before_id")
"""What a text that came before was kept as."""
ALERTS: Final = RowsBy(
    Alert,
    "person_id",
    (Alert.kind.in_(URGENT), Alert.closed_at.is_(None)),
    lambda alert: alert.kind in URGENT,
)
"""Urgent alerts about a person that nobody has closed."""
