"""Where a question stands in line"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_UNANSWERED = sa.text("asks AND reply_id IS NULL AND NOT deleted")
_INDEXES = {
    "ix_messages_place": ["place"],
    "ix_messages_place_of_channel": ["team_id", "channel_id", "place"],
}


def upgrade() -> None:
    op.add_column("messages", sa.Column("place", sa.Double(), nullable=True))
    for name, columns in _INDEXES.items():
        op.create_index(
            name, "messages", columns, sqlite_where=_UNANSWERED, postgresql_where=_UNANSWERED
        )


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(name, table_name="messages")
    op.drop_column("messages", "place")
