"""The queue of wake-ups: Procrastinate's tables and functions, on PostgreSQL only"""

from importlib.resources import files

from alembic import op
from sqlalchemy import text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NEWEST = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
"""The newest of Procrastinate's own migrations that this one applies.

When a later version of it brings newer ones, another migration of ours has to apply those: a test
says so.
"""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for script in scripts():
        if script.name <= NEWEST:
            run(script.read_text(encoding="utf-8"))


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in ("events", "periodic_defers", "jobs", "workers"):
        run(f"DROP TABLE procrastinate_{table} CASCADE")
    for function in named("SELECT oid::regprocedure FROM pg_proc WHERE proname"):
        run(f"DROP FUNCTION {function}")
    for kind in named("SELECT oid::regtype FROM pg_type WHERE typtype IN ('c', 'e') AND typname"):
        run(f"DROP TYPE {kind}")


def scripts():
    folder = files("procrastinate.sql") / "migrations"
    found = (one for one in folder.iterdir() if one.name.endswith(".sql"))
    return sorted(found, key=lambda one: one.name)


def run(sql):
    # Many statements in one go, with percent signs in them: not for a driver that looks for parameters.
    op.get_bind().connection.driver_connection.execute(sql)


def named(query):
    rows = op.get_bind().execute(text(f"{query} LIKE 'procrastinate%'"))
    return [row[0] for row in rows]
