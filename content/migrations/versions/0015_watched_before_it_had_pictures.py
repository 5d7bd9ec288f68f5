"""What was watched before its title had pictures: titles that wait, and features told later.

Events from before this that were stored without features wait, too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waiting_titles",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column(
            "title_id", sa.String(128), nullable=False, comment="watched before it had pictures"
        ),
        sa.PrimaryKeyConstraint("tenant", "title_id", name=op.f("pk_waiting_titles")),
    )
    op.create_table(
        "late_features",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("title_id", sa.String(128), nullable=False),
        sa.Column("feature_set", sa.String(16), nullable=False),
        sa.Column(
            "seq", sa.BigInteger(), autoincrement=False, nullable=False, comment="the ledger's"
        ),
        sa.Column(
            "after", sa.BigInteger(), nullable=False, comment="of its events after < seq < this"
        ),
        sa.Column(
            "anew", sa.Boolean(), nullable=False, comment="made later, for another feature set"
        ),
        sa.Column("features", sa.LargeBinary(), nullable=False, comment="as watch_events.features"),
        sa.PrimaryKeyConstraint(
            *("tenant", "title_id", "feature_set", "seq"), name=op.f("pk_late_features")
        ),
    )
    op.create_index("ix_late_features_tenant_seq", "late_features", ["tenant", "seq"])
    op.execute(
        "INSERT INTO waiting_titles (tenant, title_id) "
        "SELECT DISTINCT tenant, title_id FROM watch_events WHERE features IS NULL"
    )


def downgrade() -> None:
    op.drop_table("late_features")
    op.drop_table("waiting_titles")
