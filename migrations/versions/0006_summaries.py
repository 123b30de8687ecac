"""Summaries that somebody has been shown"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "summaries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=False),
        sa.Column("thread_ts", sa.String(length=32), nullable=False),
        sa.Column("asked_in", sa.String(length=32), nullable=False),
        sa.Column("span_start", sa.Double(), nullable=True),
        sa.Column("span_end", sa.Double(), nullable=True),
        sa.Column("focus", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=32), nullable=False),
        sa.Column("length", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_summaries")),
    )
    with op.batch_alter_table("summaries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_summaries_team_id_user_id_channel_id",
            ["team_id", "user_id", "channel_id"],
            unique=False,
        )
        batch_op.create_index("ix_summaries_created_at", ["created_at"], unique=False)


def downgrade() -> None:
    op.drop_table("summaries")
