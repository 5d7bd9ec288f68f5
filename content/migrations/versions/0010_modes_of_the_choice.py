"""How the choice is made at a time, and in which way each decision was.

Decisions from before were all made by learning, which is told by null.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "way",
                sa.SmallInteger(),
                nullable=True,
                comment="artwork.choice.ways; null: learn",
            )
        )
        batch_op.add_column(
            sa.Column(
                "agrees",
                sa.Boolean(),
                nullable=True,
                comment="in shadow: would have chosen the same",
            )
        )
    op.create_table(
        "mode_changes",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column(
            "n", sa.Integer(), autoincrement=False, nullable=False, comment="the last is in force"
        ),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column(
            "share", sa.Float(precision=53), nullable=False, comment="of probability, in explore"
        ),
        sa.Column(
            "seq", sa.BigInteger(), nullable=False, comment="of the ledger, what was learned then"
        ),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=128), nullable=True, comment="who; guardrail when nobody"),
        sa.Column("why", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "n", name=op.f("pk_mode_changes")),
    )
    op.create_table(
        "mode_tallies",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False, comment="of the change since which it counts"),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="counted up to here"),
        sa.Column(
            "data", sa.LargeBinary(), nullable=False, comment="msgpack: artwork.choice.tally"
        ),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_mode_tallies")),
    )


def downgrade() -> None:
    op.drop_table("mode_tallies")
    op.drop_table("mode_changes")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_column("agrees")
        batch_op.drop_column("way")
