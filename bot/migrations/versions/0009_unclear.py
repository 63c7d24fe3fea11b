"""Messages that were not understood, and by whom, until staff say what was meant."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unclear_messages",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("service", sa.String(length=60), nullable=False),
        sa.Column("labelled_by", sa.String(length=60), nullable=False),
        sa.Column("labelled_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("purge_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_unclear_messages_purge_at", "unclear_messages", ["purge_at"])
    op.create_table(
        "unclear_senders",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("unclear_id", sa.String(length=64), nullable=False),
        sa.Column("sender", sa.String(length=64), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("channel_kind", sa.String(length=8), nullable=False),
        sa.Column("model", sa.String(length=40), nullable=False),
        sa.Column("guesses", sa.String(length=240), nullable=False),
        sa.Column("chosen", sa.String(length=60), nullable=False),
        sa.Column("chosen_service", sa.String(length=60), nullable=False),
        sa.Column("corrected", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("purge_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("unclear_id", "sender", "purge_at"):
        op.create_index(f"ix_unclear_senders_{column}", "unclear_senders", [column])
