"""How long the change into each shot lasts.

Titles that were understood before keep nulls until they are understood anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("shots", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "boundary_from_s", sa.Float(), nullable=True, comment="null: it comes at once"
            )
        )
        batch_op.add_column(sa.Column("boundary_until_s", sa.Float(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("shots", schema=None) as batch_op:
        batch_op.drop_column("boundary_until_s")
        batch_op.drop_column("boundary_from_s")
