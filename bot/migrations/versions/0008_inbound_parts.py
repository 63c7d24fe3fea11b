"""Parts of inbound messages, until all of one have come."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbound_parts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("group_lookup", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("content_lookup", sa.String(length=64), nullable=False),
        sa.Column("part_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("purge_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_inbound_parts_group_lookup", "inbound_parts", ["group_lookup"])
    op.create_index("ix_inbound_parts_purge_at", "inbound_parts", ["purge_at"])
