"""Settings of channels, memory of threads, cost and rating of answers"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.String(length=32), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=False),
        sa.Column("preset", sa.String(length=16), nullable=False),
        sa.Column("thinking", sa.String(length=8), nullable=False),
        sa.Column("reply_in_threads", sa.String(length=8), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_settings")),
        sa.UniqueConstraint(
            "team_id", "channel_id", name=op.f("uq_channel_settings_team_id_channel_id")
        ),
    )
    op.create_table(
        "ratings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("is_good", sa.Boolean(), nullable=False),
        sa.Column("rated_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reply_id"],
            ["replies.id"],
            name=op.f("fk_ratings_reply_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sa.UniqueConstraint("reply_id", "user_id", name=op.f("uq_ratings_reply_id_user_id")),
    )
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("summary", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column("summary_until", sa.String(length=32), nullable=False, server_default="")
        )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("left_out", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("replies", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("continued", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("usage", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("preset", sa.String(length=16), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("searches", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("cost", sa.Double(), nullable=True))
        batch_op.add_column(
            sa.Column("currency", sa.String(length=3), nullable=False, server_default="")
        )


def downgrade() -> None:
    with op.batch_alter_table("usage", schema=None) as batch_op:
        for column in ("currency", "cost", "searches", "preset"):
            batch_op.drop_column(column)
    with op.batch_alter_table("replies", schema=None) as batch_op:
        batch_op.drop_column("continued")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_column("left_out")
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.drop_column("summary_until")
        batch_op.drop_column("summary")
    op.drop_table("ratings")
    op.drop_table("channel_settings")
