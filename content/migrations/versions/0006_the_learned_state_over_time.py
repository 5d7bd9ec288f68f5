"""The learned state over time: landmarks of its decay, and feature sets that follow one another."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feature_sets",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("feature_set", sa.String(length=16), nullable=False),
        sa.Column(
            "encoder", sa.String(length=160), nullable=True, comment="fingerprint; null: any"
        ),
        sa.Column(
            "refolded",
            sa.BigInteger(),
            nullable=False,
            comment="others' rows up to this seq are anew",
        ),
        sa.Column(
            "left_out",
            sa.BigInteger(),
            nullable=False,
            comment="of them: their picture is gone",
        ),
        sa.Column(
            "ready_us", sa.BigInteger(), nullable=True, comment="a reindex has cut over to it"
        ),
        sa.PrimaryKeyConstraint("tenant", "feature_set", name=op.f("pk_feature_sets")),
    )
    for name, of, why, what in (
        ("decision_features", "decisions", "another than decided with", "as decisions.x"),
        ("watch_features", "watch_events", "another than watched with", "as watch_events.features"),
    ):
        op.create_table(
            name,
            sa.Column("tenant", sa.String(length=64), nullable=False),
            sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
            sa.Column("feature_set", sa.String(length=16), nullable=False, comment=why),
            sa.Column("data", sa.LargeBinary(), nullable=False, comment=what),
            sa.ForeignKeyConstraint(
                ["tenant", "seq"],
                [f"{of}.tenant", f"{of}.seq"],
                name=op.f(f"fk_{name}_tenant_seq_{of}"),
                ondelete="CASCADE",
            ),
            sa.PrimaryKeyConstraint("tenant", "seq", "feature_set", name=op.f(f"pk_{name}")),
        )
    op.create_table(
        "folds",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column(
            "seq", sa.BigInteger(), autoincrement=False, nullable=False, comment="the ledger's"
        ),
        sa.Column("policy_id", sa.String(length=16), nullable=False),
        sa.Column("feature_set", sa.String(length=16), nullable=False),
        sa.Column(
            "base",
            sa.BigInteger(),
            nullable=False,
            comment="seq up to which it was folded anew",
        ),
        sa.Column("landmark_us", sa.BigInteger(), nullable=True, comment="null: every weight is 1"),
        sa.Column("made_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "seq", name=op.f("pk_folds")),
    )


def downgrade() -> None:
    for name in ("folds", "watch_features", "decision_features", "feature_sets"):
        op.drop_table(name)
