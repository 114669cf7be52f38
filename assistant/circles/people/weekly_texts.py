"""Knows how many texts a week may come unasked: the number that the confirmation of joining says."""

from __future__ import annotations

from typing import Final

from assistant.circles.people.inactivity import NUDGES_A_WEEK

PLANNED_A_WEEK: Final = 8
"""Four that the season plans, and what someone who has just come is asked, a question a day, in that week.

A week with a circle hour has room for what that takes, too: the invitation, one reminder, and to whoever
comes the opening and the closing round. There is one such hour a week at most, and one of the plan takes the
place of another text.
"""
CHANGES_A_WEEK: Final = 1
"""A change of buddies, which cannot wait for the next news."""
NEWS_A_WEEK: Final = 3
"""Of those who hear once a day (the default). One every day would be more than all else together; what waits
stands in the next one, and READ shows it at once."""
TEXTS_A_WEEK: Final = PLANNED_A_WEEK + NUDGES_A_WEEK + NEWS_A_WEEK + CHANGES_A_WEEK
"""What every confirmation promises; whoever chooses EACH is told that more may come."""
