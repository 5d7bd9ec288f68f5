"""What is known of each shot: boundary and facts, vectors, the timeline.

Titles that were understood before keep nulls, and no timeline, until they are understood anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("shots", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "boundary",
                sa.String(length=16),
                nullable=True,
                comment="BoundaryKind; null before 0002",
            )
        )
        batch_op.add_column(sa.Column("confidence", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("facts", sa.JSON(), nullable=True, comment="ShotFacts"))

    op.create_table(
        "shot_vectors",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("space", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=160), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False, comment="shots that have a vector"),
        sa.Column("shots", sa.LargeBinary(), nullable=False, comment="their indices, int32 LE"),
        sa.Column("data", sa.LargeBinary(), nullable=False, comment="float16 LE (count, dim)"),
        sa.PrimaryKeyConstraint(
            "tenant", "title_id", "version", "space", name=op.f("pk_shot_vectors")
        ),
    )
    op.create_table(
        "timelines",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False, comment="values in each column"),
        sa.Column("data", sa.LargeBinary(), nullable=False, comment="see content.packing"),
        sa.PrimaryKeyConstraint("tenant", "title_id", "version", name=op.f("pk_timelines")),
    )


def downgrade() -> None:
    op.drop_table("timelines")
    op.drop_table("shot_vectors")
    with op.batch_alter_table("shots", schema=None) as batch_op:
        batch_op.drop_column("facts")
        batch_op.drop_column("confidence")
        batch_op.drop_column("boundary")
