"""Why pictures that the rules allow were not on offer in a decision.

Of decisions from before it is not known, which is told by null, as is that there was no reason.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "narrowed",
                sa.SmallInteger(),
                nullable=True,
                comment="bits, offer.narrowings",
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_column("narrowed")
