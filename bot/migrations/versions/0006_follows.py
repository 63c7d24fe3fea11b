"""From which address a case was filed, who else follows it, and whether that was told there."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("urn_lookup", sa.String(length=64), nullable=False, server_default=""))
    op.create_table(
        "case_follows",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("contact_id", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "contact_id", name="case_follows_once"),
    )
    op.create_index("case_follows_of_contact", "case_follows", ["contact_id"])
    untold = sa.text("told IS 0"), sa.text("told IS false")
    op.create_index(
        "case_follows_untold",
        "case_follows",
        ["since_at"],
        sqlite_where=untold[0],
        postgresql_where=untold[1],
    )
