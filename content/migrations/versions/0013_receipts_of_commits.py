"""Receipts of commits: what a writer kept last, for when the database did not answer."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "writer_receipts",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column(
            "writer", sa.String(36), nullable=False, comment="one for each start of a process"
        ),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="of its last batch"),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "writer", name=op.f("pk_writer_receipts")),
    )


def downgrade() -> None:
    op.drop_table("writer_receipts")
