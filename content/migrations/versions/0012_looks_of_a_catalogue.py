"""In which directions the pictures of a catalogue are looked at, by feature set.

Null: by chance, as in all sets from before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("feature_sets", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "projection", sa.LargeBinary(), nullable=True, comment="of looks; null: by chance"
            )
        )
        batch_op.add_column(
            sa.Column(
                "pictures",
                sa.BigInteger(),
                nullable=False,
                server_default="0",
                comment="it was fitted on",
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("feature_sets", schema=None) as batch_op:
        batch_op.drop_column("pictures")
        batch_op.drop_column("projection")
