"""What Alembic runs to migrate: always inside the transaction that `bot.migrate` hands over."""

from __future__ import annotations

from alembic import context

from bot.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can roll DDL back too; Alembic assumes it cannot.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
