"""How Alembic reaches the database: the URL comes from the program, never from a file."""

from alembic import context
from sqlalchemy import create_engine, pool

from bot.store.tables import Base

url: str = context.config.attributes["url"].replace("+aiosqlite", "")

with create_engine(url, poolclass=pool.NullPool).connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
