"""Leave a question one timer, which goes on from silence to silence: those that stand for later ones go."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"

LATER = """
    DELETE FROM timer WHERE kind = 'silence' AND done_at IS NULL AND EXISTS (
        SELECT 1 FROM timer AS sooner
        WHERE sooner.question_id = timer.question_id AND sooner.kind = 'silence' AND sooner.done_at IS NULL
        AND CAST(sooner.outcome AS INTEGER) < CAST(timer.outcome AS INTEGER)
    )
"""


def upgrade() -> None:
    op.execute(sa.text(LATER))


def downgrade() -> None:
    """Nothing: a question that is open now is nudged once, and gives way to the next one."""
