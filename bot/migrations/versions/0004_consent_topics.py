"""A consent may be about one topic: news of one public service."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consents", sa.Column("topic", sa.String(length=60), server_default="", nullable=False))
