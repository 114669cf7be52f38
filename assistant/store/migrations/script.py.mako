# ruff: noqa: E501, RUF100 - a CHECK is written in one piece
"""${message}"""
<%!
    def without_comments(steps):
        lines = [line.removeprefix("    ") for line in (steps or "pass").splitlines() if "# ###" not in line]
        return "\n    ".join(lines).rstrip()
%>
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    ${upgrades | n,without_comments}


def downgrade() -> None:
    ${downgrades | n,without_comments}
