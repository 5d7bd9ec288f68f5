"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("policy_id", sa.String(length=16), nullable=False),
        sa.Column("feature_set", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False, comment="msgpack of arrays"),
        sa.Column("made_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "policy_id", "feature_set", "seq", name=op.f("pk_checkpoints")
        ),
    )
    op.create_table(
        "image_groups",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "id", sa.String(length=36), nullable=False, comment="uuid5(title, source picture)"
        ),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("source_s", sa.Float(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False, comment="name -> 0..1, immutable"),
        sa.Column(
            "embedding", sa.LargeBinary(), nullable=False, comment="float32 (1280,), unit norm"
        ),
        sa.Column("embedding_fingerprint", sa.String(length=160), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "title_id", "version", "id", name=op.f("pk_image_groups")
        ),
    )
    op.create_table(
        "jobs",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="ingest, reindex"),
        sa.Column("title_id", sa.String(length=128), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("generation", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_jobs")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_jobs_tenant_state_id"), ["tenant", "state", "id"], unique=False
        )

    op.create_table(
        "ledger_heads",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="the last one given out"),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_ledger_heads")),
    )
    op.create_table(
        "offers",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column(
            "id", sa.String(length=36), nullable=False, comment="uuid5 of title, aspect and arms"
        ),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column("aspect", sa.String(length=8), nullable=False),
        sa.Column("arms", sa.Text(), nullable=False, comment="JSON [[variant id, group id], …]"),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_offers")),
    )
    op.create_table(
        "picture_features",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("feature_set", sa.String(length=16), nullable=False),
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False, comment="int16 LE, 2^-10; frozen"),
        sa.PrimaryKeyConstraint(
            "tenant", "feature_set", "group_id", name=op.f("pk_picture_features")
        ),
    )
    with op.batch_alter_table("picture_features", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_picture_features_tenant_feature_set_title_id"),
            ["tenant", "feature_set", "title_id"],
            unique=False,
        )

    op.create_table(
        "shots",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_s", sa.Float(), nullable=False),
        sa.Column("end_s", sa.Float(), nullable=False),
        sa.Column("keyframe_s", sa.Float(), nullable=False),
        sa.Column("keyframe_sha256", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "title_id", "version", "idx", name=op.f("pk_shots")),
    )
    with op.batch_alter_table("shots", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_shots_keyframe_sha256"), ["keyframe_sha256"], unique=False
        )

    op.create_table(
        "title_versions",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "content_hash",
            sa.String(length=64),
            nullable=False,
            comment="of all that was submitted",
        ),
        sa.Column("job_id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("synopsis", sa.Text(), nullable=False),
        sa.Column("genres", sa.JSON(), nullable=False),
        sa.Column("maturity", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("country", sa.String(length=8), nullable=True),
        sa.Column("released", sa.String(length=10), nullable=True),
        sa.Column("external_ids", sa.JSON(), nullable=False),
        sa.Column("media_path", sa.Text(), nullable=True),
        sa.Column("media_sha256", sa.String(length=64), nullable=True),
        sa.Column("media_owned", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=True, comment="MediaFacts"),
        sa.Column("profile", sa.JSON(), nullable=True),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("published_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "title_id", "version", name=op.f("pk_title_versions")),
    )
    op.create_table(
        "titles",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column(
            "version", sa.Integer(), nullable=True, comment="the published one; null until done"
        ),
        sa.Column("latest", sa.Integer(), nullable=False, comment="the newest submitted"),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_titles")),
    )
    op.create_table(
        "variants",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False, comment="uuid5(group, aspect)"),
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.Column("aspect", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="the master image"),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column(
            "crop", sa.JSON(), nullable=False, comment="x, y, width, height in px of the source"
        ),
        sa.Column("scores", sa.JSON(), nullable=False, comment="name -> 0..1"),
        sa.PrimaryKeyConstraint("tenant", "title_id", "version", "id", name=op.f("pk_variants")),
    )
    with op.batch_alter_table("variants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_variants_sha256"), ["sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_variants_tenant_id"), ["tenant", "id"], unique=False)

    op.create_table(
        "vectors",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("space", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=160), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False, comment="little-endian float32"),
        sa.PrimaryKeyConstraint("tenant", "title_id", "version", "space", name=op.f("pk_vectors")),
    )
    op.create_table(
        "watch_events",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "viewer", sa.LargeBinary(length=16), nullable=False, comment="HMAC of the user id"
        ),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=True),
        sa.Column("feature_set", sa.String(length=16), nullable=False),
        sa.Column(
            "features", sa.LargeBinary(), nullable=True, comment="the title's mean, int16 LE"
        ),
        sa.Column("occurred_us", sa.BigInteger(), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "seq", name=op.f("pk_watch_events")),
        sa.UniqueConstraint("tenant", "event_id", name=op.f("uq_watch_events_tenant_event_id")),
    )
    with op.batch_alter_table("watch_events", schema=None) as batch_op:
        batch_op.create_index("ix_watch_events_viewer", ["tenant", "viewer", "seq"], unique=False)

    op.create_table(
        "decisions",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("offer_id", sa.String(length=36), nullable=False),
        sa.Column("title_id", sa.String(length=128), nullable=False),
        sa.Column(
            "viewer", sa.LargeBinary(length=16), nullable=True, comment="HMAC of the user id"
        ),
        sa.Column("context", sa.Text(), nullable=False, comment="JSON"),
        sa.Column(
            "chosen", sa.SmallInteger(), nullable=False, comment="index into the offer's arms"
        ),
        sa.Column(
            "counts", sa.LargeBinary(), nullable=False, comment="uint16 LE for each arm, of M"
        ),
        sa.Column("floor", sa.Float(precision=53), nullable=False),
        sa.Column("seed", sa.LargeBinary(length=16), nullable=False),
        sa.Column(
            "x", sa.LargeBinary(), nullable=False, comment="int16 LE, 2^-10: the chosen arm's"
        ),
        sa.Column("policy_id", sa.String(length=16), nullable=False),
        sa.Column("feature_set", sa.String(length=16), nullable=False),
        sa.Column(
            "ledger_offset", sa.BigInteger(), nullable=False, comment="last seq known at the draw"
        ),
        sa.Column("decided_us", sa.BigInteger(), nullable=False),
        sa.Column("expires_us", sa.BigInteger(), nullable=False),
        sa.Column("deferred", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "offer_id"],
            ["offers.tenant", "offers.id"],
            name=op.f("fk_decisions_tenant_offer_id_offers"),
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("tenant", "seq", name=op.f("uq_decisions_tenant_seq")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_decisions_episode", ["tenant", "viewer", "title_id", "seq"], unique=False
        )

    op.create_table(
        "impressions",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("decision_id", sa.String(length=36), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False, comment="this one activates the decision"),
        sa.Column("shown_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "decision_id"],
            ["decisions.tenant", "decisions.id"],
            name=op.f("fk_impressions_tenant_decision_id_decisions"),
        ),
        sa.PrimaryKeyConstraint("tenant", "seq", name=op.f("pk_impressions")),
    )
    with op.batch_alter_table("impressions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_impressions_tenant_decision_id"), ["tenant", "decision_id"], unique=False
        )

    op.create_table(
        "rewards",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("decision_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=True),
        sa.Column(
            "corrects", sa.Boolean(), nullable=False, comment="supersedes the value before it"
        ),
        sa.Column("before", sa.SmallInteger(), nullable=False, comment="decision's reward, 2^-10"),
        sa.Column("after", sa.SmallInteger(), nullable=False, comment="decision's reward, 2^-10"),
        sa.Column("occurred_us", sa.BigInteger(), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "decision_id"],
            ["decisions.tenant", "decisions.id"],
            name=op.f("fk_rewards_tenant_decision_id_decisions"),
        ),
        sa.PrimaryKeyConstraint("tenant", "seq", name=op.f("pk_rewards")),
        sa.UniqueConstraint("tenant", "event_id", name=op.f("uq_rewards_tenant_event_id")),
    )
    with op.batch_alter_table("rewards", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_rewards_tenant_decision_id"), ["tenant", "decision_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("rewards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rewards_tenant_decision_id"))

    op.drop_table("rewards")
    with op.batch_alter_table("impressions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_impressions_tenant_decision_id"))

    op.drop_table("impressions")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index("ix_decisions_episode")

    op.drop_table("decisions")
    with op.batch_alter_table("watch_events", schema=None) as batch_op:
        batch_op.drop_index("ix_watch_events_viewer")

    op.drop_table("watch_events")
    op.drop_table("vectors")
    with op.batch_alter_table("variants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_variants_tenant_id"))
        batch_op.drop_index(batch_op.f("ix_variants_sha256"))

    op.drop_table("variants")
    op.drop_table("titles")
    op.drop_table("title_versions")
    with op.batch_alter_table("shots", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shots_keyframe_sha256"))

    op.drop_table("shots")
    with op.batch_alter_table("picture_features", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_picture_features_tenant_feature_set_title_id"))

    op.drop_table("picture_features")
    op.drop_table("offers")
    op.drop_table("ledger_heads")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_tenant_state_id"))

    op.drop_table("jobs")
    op.drop_table("image_groups")
    op.drop_table("checkpoints")
