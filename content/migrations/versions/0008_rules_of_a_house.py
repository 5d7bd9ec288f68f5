"""Rules of a whole catalogue, what is counted under a cap, and whom a picture shows large.

Pictures from before keep no faces until their title is submitted again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("image_groups", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "faces",
                sa.LargeBinary(),
                nullable=True,
                comment="int8 (n, 128): whom it shows large",
            )
        )
    op.create_table(
        "artwork_rules",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False, comment="of the whole catalogue"),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_artwork_rules")),
    )
    op.create_table(
        "exposures",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.Column(
            "shown", sa.BigInteger(), nullable=False, comment="impressions under a cap, in all"
        ),
        sa.Column(
            "day", sa.Integer(), nullable=False, comment="days since 1970 UTC, of the last one"
        ),
        sa.Column("today", sa.BigInteger(), nullable=False, comment="of them on that day"),
        sa.PrimaryKeyConstraint("tenant", "title_id", "group_id", name=op.f("pk_exposures")),
    )


def downgrade() -> None:
    op.drop_table("exposures")
    op.drop_table("artwork_rules")
    with op.batch_alter_table("image_groups", schema=None) as batch_op:
        batch_op.drop_column("faces")
