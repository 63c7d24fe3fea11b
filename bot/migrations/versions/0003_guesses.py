"""Guesses at secrets are counted beside what is guessed at, whether it exists or not."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guesses",
        sa.Column("lookup", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("purge_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lookup"),
    )
    op.create_index("ix_guesses_purge_at", "guesses", ["purge_at"])
    op.drop_column("cases", "wrong_guesses")
    op.drop_column("cases", "guess_day")
