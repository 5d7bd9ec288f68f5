"""A house's own fields of a title, and when and where viewers may have it."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("title_versions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("tags", sa.JSON(), nullable=True, comment="a house's own fields")
        )
        batch_op.add_column(
            sa.Column("available", sa.JSON(), nullable=True, comment="Availability")
        )


def downgrade() -> None:
    with op.batch_alter_table("title_versions", schema=None) as batch_op:
        batch_op.drop_column("available")
        batch_op.drop_column("tags")
