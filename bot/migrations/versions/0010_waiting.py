"""What waits is found by its channel and its age, however much waits elsewhere or was answered before."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_WAITING = sa.text("state IN ('queued', 'sending', 'in_doubt')")
_PENDING = sa.text("state = 'pending'")


def upgrade() -> None:
    for name, columns in (
        ("outbox_waiting", ["channel", "priority", "id"]),
        ("outbox_head", ["urn_lookup", "channel", "id"]),
    ):
        op.drop_index(name, "outbox")
        op.create_index(name, "outbox", columns, sqlite_where=_WAITING, postgresql_where=_WAITING)
    op.create_index("inbox_waiting", "inbox", ["id"], sqlite_where=_PENDING, postgresql_where=_PENDING)
