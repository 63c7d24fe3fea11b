"""How often each part was taken, which go again, receipts that come early, and messages without ids."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("again_at", sa.BigInteger(), nullable=False, server_default="0"))
    again = sa.text("again_at > 0")
    op.create_index("outbox_again", "outbox", ["again_at"], sqlite_where=again, postgresql_where=again)
    op.add_column("outbox_parts", sa.Column("attempts", sa.Integer(), nullable=False, server_default="1"))
    op.add_column(
        "outbox_parts", sa.Column("attempt_id", sa.String(length=26), nullable=False, server_default="")
    )
    op.create_table(
        "early_receipts",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("provider_id", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("error_code", sa.String(length=40), nullable=False),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.Column("retryable", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("purge_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "provider_id", "state"),
    )
    op.create_index("ix_early_receipts_purge_at", "early_receipts", ["purge_at"])
    op.create_table(
        "repeats",
        sa.Column("lookup", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("purge_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lookup"),
    )
    op.create_index("ix_repeats_purge_at", "repeats", ["purge_at"])
