"""When each title was understood, and what the stages of a job took."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("title_versions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("understood_us", sa.BigInteger(), nullable=True, comment="last, in place too")
        )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("took", sa.JSON(), nullable=True, comment="by operation: see workers.spent")
        )
    # Later reindexes were not noted: a title may have been understood since, not before.
    op.execute("UPDATE title_versions SET understood_us = published_us")


def downgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_column("took")
    with op.batch_alter_table("title_versions", schema=None) as batch_op:
        batch_op.drop_column("understood_us")
