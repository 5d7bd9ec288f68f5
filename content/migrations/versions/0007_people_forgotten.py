"""Marks of the ledger: where rows were taken away, because a person or their age asked for it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_marks",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="forgotten, expired"),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column(
            "data",
            sa.JSON(),
            nullable=False,
            comment="certificate's id; rows removed by table",
        ),
        sa.PrimaryKeyConstraint("tenant", "seq", name=op.f("pk_ledger_marks")),
    )


def downgrade() -> None:
    op.drop_table("ledger_marks")
