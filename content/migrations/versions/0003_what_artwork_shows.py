"""What artwork shows, how it was made, what was refused, and what people decided of it.

Pictures from before keep nulls until their title is submitted again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "request",
                sa.JSON(),
                nullable=True,
                comment="of compose and generate: what is asked",
            )
        )
        batch_op.add_column(
            sa.Column(
                "outcome",
                sa.JSON(),
                nullable=True,
                comment="of these: groups made, what was refused",
            )
        )
        batch_op.alter_column("kind", comment="ingest, reindex, compose, …")
    with op.batch_alter_table("image_groups", schema=None) as batch_op:
        for column in (
            sa.Column(
                "source_sha256",
                sa.String(length=64),
                nullable=True,
                comment="the whole picture's master",
            ),
            sa.Column(
                "scores", sa.JSON(), nullable=True, comment="name -> 0..1, of the whole picture"
            ),
            sa.Column(
                "emphasis", sa.JSON(), nullable=True, comment="tags: what the picture emphasises"
            ),
            sa.Column(
                "maturity",
                sa.String(length=8),
                nullable=True,
                comment="of what the picture shows",
            ),
            sa.Column(
                "focal", sa.JSON(), nullable=True, comment="[x, y], shares of the whole picture"
            ),
            sa.Column(
                "language",
                sa.String(length=35),
                nullable=True,
                comment="of its lettering; null: none",
            ),
            sa.Column("made", sa.JSON(), nullable=True, comment="how: edits, sources, model, seed"),
        ):
            batch_op.add_column(column)
        batch_op.create_index(
            batch_op.f("ix_image_groups_source_sha256"), ["source_sha256"], unique=False
        )
    with op.batch_alter_table("variants", schema=None) as batch_op:
        for column in (
            sa.Column("fit", sa.String(length=8), nullable=True, comment="crop, bleed"),
            sa.Column("focal", sa.JSON(), nullable=True, comment="[x, y], shares of this picture"),
            sa.Column(
                "safe",
                sa.JSON(),
                nullable=True,
                comment="name -> [x, y, width, height], shares",
            ),
            sa.Column("blurhash", sa.String(length=64), nullable=True),
            sa.Column("colour", sa.String(length=7), nullable=True, comment="#rrggbb, dominant"),
        ):
            batch_op.add_column(column)
    op.create_table(
        "candidates",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False, comment="in film order"),
        sa.Column("at_s", sa.Float(), nullable=False),
        sa.Column(
            "verdict",
            sa.String(length=16),
            nullable=False,
            comment="chosen, refused, passed_over",
        ),
        sa.Column("reasons", sa.JSON(), nullable=False, comment="of a refusal: the gates' names"),
        sa.Column("scores", sa.JSON(), nullable=False, comment="name -> 0..1"),
        sa.Column("emphasis", sa.JSON(), nullable=False),
        sa.Column("maturity", sa.String(length=8), nullable=False),
        sa.Column("group_id", sa.String(length=36), nullable=True, comment="of a chosen one"),
        sa.Column(
            "sha256", sa.String(length=64), nullable=True, comment="a small picture's master"
        ),
        sa.PrimaryKeyConstraint("tenant", "title_id", "version", "n", name=op.f("pk_candidates")),
    )
    op.create_index(op.f("ix_candidates_sha256"), "candidates", ["sha256"], unique=False)
    op.create_table(
        "verdicts",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column(
            "group_id", sa.String(length=36), nullable=False, comment="all crops of the picture"
        ),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False, comment="approve, veto"),
        sa.Column("decided_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "group_id", name=op.f("pk_verdicts")),
    )
    op.create_index(
        op.f("ix_verdicts_tenant_title_id"), "verdicts", ["tenant", "title_id"], unique=False
    )
    op.create_table(
        "artwork_policies",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "title_id", name=op.f("pk_artwork_policies")),
    )


def downgrade() -> None:
    op.drop_table("artwork_policies")
    op.drop_index(op.f("ix_verdicts_tenant_title_id"), table_name="verdicts")
    op.drop_table("verdicts")
    op.drop_index(op.f("ix_candidates_sha256"), table_name="candidates")
    op.drop_table("candidates")
    with op.batch_alter_table("variants", schema=None) as batch_op:
        for name in ("colour", "blurhash", "safe", "focal", "fit"):
            batch_op.drop_column(name)
    with op.batch_alter_table("image_groups", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_groups_source_sha256"))
        for name in ("made", "language", "focal", "maturity", "emphasis", "scores"):
            batch_op.drop_column(name)
        batch_op.drop_column("source_sha256")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.alter_column("kind", comment="ingest, reindex")
        batch_op.drop_column("outcome")
        batch_op.drop_column("request")
