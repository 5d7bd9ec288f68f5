"""The artwork's tables: image groups and their variants; the ledger; what viewers watched."""

import sqlalchemy as sa

from content.records import metadata
from content.tables import ID, tenant

image_groups = sa.Table(
    "image_groups",
    metadata,
    tenant(),
    sa.Column("title_id", ID, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.String(36), primary_key=True, comment="uuid5(title, source picture)"),
    sa.Column("origin", sa.String(16), nullable=False),
    sa.Column("source_s", sa.Float, nullable=True),
    sa.Column("facts", sa.JSON, nullable=False, comment="name -> 0..1, immutable"),
    sa.Column("embedding", sa.LargeBinary, nullable=False, comment="float32 (1280,), unit norm"),
    sa.Column("embedding_fingerprint", sa.String(160), nullable=False),
)

variants = sa.Table(
    "variants",
    metadata,
    tenant(),
    sa.Column("title_id", ID, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("id", sa.String(36), primary_key=True, comment="uuid5(group, aspect)"),
    sa.Column("group_id", sa.String(36), nullable=False),
    sa.Column("aspect", sa.String(8), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, comment="the master image"),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("crop", sa.JSON, nullable=False, comment="x, y, width, height in px of the source"),
    sa.Column("scores", sa.JSON, nullable=False, comment="name -> 0..1"),
    sa.Index(None, "tenant", "id"),
    sa.Index(None, "sha256"),
)
