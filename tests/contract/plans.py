"""How a database goes about a statement."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine


async def plan_of(engine: AsyncEngine, statement: Any) -> str:
    """The steps of a statement, with the indexes that they use."""
    compiled = statement.compile(engine.sync_engine, compile_kwargs={"literal_binds": True})
    is_sqlite = engine.dialect.name == "sqlite"
    async with engine.connect() as connection:
        if not is_sqlite:
            await connection.exec_driver_sql("SET enable_seqscan = off")  # the tables are empty
        how = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        steps = await connection.exec_driver_sql(f"{how} {compiled}")
        return " ".join(str(step) for step in steps)
