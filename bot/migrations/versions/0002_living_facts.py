"""What offices change by the hour, applications, reminders and ratings."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "overlays",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("service", sa.String(length=60), nullable=False),
        sa.Column("place", sa.String(length=12), nullable=False),
        sa.Column("centre", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("overlays_in_force", "overlays", ["withdrawn_at", "valid_from"])
    op.create_table(
        "applications",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("register", sa.String(length=40), nullable=False),
        sa.Column("lookup", sa.String(length=64), nullable=False),
        sa.Column("holder_lookup", sa.String(length=64), nullable=False),
        sa.Column("record_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("purge_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lookup"),
    )
    op.create_index("ix_applications_holder_lookup", "applications", ["holder_lookup"])
    op.create_index("ix_applications_purge_at", "applications", ["purge_at"])
    op.create_table(
        "reminders",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("contact_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("service", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("request_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("effect_key", sa.String(length=200), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("purge_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("effect_key"),
    )
    op.create_index("ix_reminders_contact_id", "reminders", ["contact_id"])
    op.create_index("ix_reminders_purge_at", "reminders", ["purge_at"])
    op.create_index("reminders_waiting", "reminders", ["state", "due_at"])
    op.create_table(
        "ratings",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("contact_id", sa.String(length=26), nullable=False),
        sa.Column("effect_key", sa.String(length=200), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=12), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("purge_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("effect_key"),
    )
    op.create_index("ix_ratings_contact_id", "ratings", ["contact_id"])
    op.create_index("ix_ratings_purge_at", "ratings", ["purge_at"])
