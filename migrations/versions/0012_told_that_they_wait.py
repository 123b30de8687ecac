"""Who has been told that a question waits in line"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("told_at", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("messages", "told_at")
