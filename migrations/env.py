"""Alembic's entry: runs on the connection that `core.schema` hands over, for SQLite and PostgreSQL alike."""

from alembic import context

from core.db import Model

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Model.metadata, render_as_batch=False)
with context.begin_transaction():
    context.run_migrations()
