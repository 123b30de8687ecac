"""What waits is found without a look at all that does not"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_WITHDRAWING = sa.text("outcome = 'withdrawn' AND finished_at IS NULL")
_ANSWERED = sa.text("reply_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_replies_withdrawing",
        "replies",
        ["conversation_id"],
        sqlite_where=_WITHDRAWING,
        postgresql_where=_WITHDRAWING,
    )
    op.drop_index("ix_messages_reply_id", table_name="messages")
    op.create_index(
        "ix_messages_reply_id",
        "messages",
        ["reply_id"],
        sqlite_where=_ANSWERED,
        postgresql_where=_ANSWERED,
    )


def downgrade() -> None:
    op.drop_index("ix_messages_reply_id", table_name="messages")
    op.create_index("ix_messages_reply_id", "messages", ["reply_id"])
    op.drop_index("ix_replies_withdrawing", table_name="replies")
