"""The catalogue's tables: titles and their versions, shots, vectors, jobs."""

import sqlalchemy as sa

from content.records import metadata

TENANT = sa.String(64)
ID = sa.String(128)


def tenant() -> sa.Column[str]:
    """The first column of every primary key."""
    return sa.Column("tenant", TENANT, primary_key=True)


def matching(table: sa.Table, **columns: object) -> list[sa.ColumnElement[bool]]:
    """Conditions `table.c.name == value`, for a WHERE on part of a key."""
    return [table.c[name] == value for name, value in columns.items()]


titles = sa.Table(
    "titles",
    metadata,
    tenant(),
    sa.Column("id", ID, primary_key=True),
    sa.Column("version", sa.Integer, nullable=True, comment="the published one; null until done"),
    sa.Column("latest", sa.Integer, nullable=False, comment="the newest submitted"),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("updated_us", sa.BigInteger, nullable=False),
)

title_versions = sa.Table(
    "title_versions",
    metadata,
    tenant(),
    sa.Column("title_id", ID, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content_hash", sa.String(64), nullable=False, comment="of all that was submitted"),
    sa.Column("job_id", ID, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("synopsis", sa.Text, nullable=False),
    sa.Column("genres", sa.JSON, nullable=False),
    sa.Column("maturity", sa.String(8), nullable=False),
    sa.Column("language", sa.String(35), nullable=True),
    sa.Column("country", sa.String(8), nullable=True),
    sa.Column("released", sa.String(10), nullable=True),
    sa.Column("external_ids", sa.JSON, nullable=False),
    sa.Column("tags", sa.JSON(none_as_null=True), nullable=True, comment="a house's own fields"),
    sa.Column("available", sa.JSON(none_as_null=True), nullable=True, comment="Availability"),
    sa.Column("media_path", sa.Text, nullable=True),
    sa.Column("media_sha256", sa.String(64), nullable=True),
    sa.Column("media_owned", sa.Boolean, nullable=False),
    sa.Column("facts", sa.JSON, nullable=True, comment="MediaFacts"),
    sa.Column("profile", sa.JSON, nullable=True),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("published_us", sa.BigInteger, nullable=True),
    sa.Column("understood_us", sa.BigInteger, nullable=True, comment="last, in place too"),
)

shots = sa.Table(
    "shots",
    metadata,
    tenant(),
    sa.Column("title_id", ID, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("idx", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("start_s", sa.Float, nullable=False),
    sa.Column("end_s", sa.Float, nullable=False),
    sa.Column("keyframe_s", sa.Float, nullable=False),
    sa.Column("keyframe_sha256", sa.String(64), nullable=True),
    sa.Column("boundary", sa.String(16), nullable=True, comment="BoundaryKind; null before 0002"),
    sa.Column("confidence", sa.Float, nullable=True),
    sa.Column("boundary_from_s", sa.Float, nullable=True, comment="null: it comes at once"),
    sa.Column("boundary_until_s", sa.Float, nullable=True),
    sa.Column("facts", sa.JSON(none_as_null=True), nullable=True, comment="ShotFacts"),
    sa.Index(None, "keyframe_sha256"),
)

vectors = sa.Table(
    "vectors",
    metadata,
    tenant(),
    sa.Column("title_id", ID, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("space", sa.String(16), primary_key=True),
    sa.Column("fingerprint", sa.String(160), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False, comment="little-endian float32"),
)

shot_vectors = sa.Table(
    "shot_vectors",
    metadata,
    tenant(),
    sa.Column("title_id", ID, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("space", sa.String(16), primary_key=True),
    sa.Column("fingerprint", sa.String(160), nullable=False),
    sa.Column("count", sa.Integer, nullable=False, comment="shots that have a vector"),
    sa.Column("shots", sa.LargeBinary, nullable=False, comment="their indices, int32 LE"),
    sa.Column("data", sa.LargeBinary, nullable=False, comment="float16 LE (count, dim)"),
)

timelines = sa.Table(
    "timelines",
    metadata,
    tenant(),
    sa.Column("title_id", ID, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seconds", sa.Integer, nullable=False, comment="values in each column"),
    sa.Column("data", sa.LargeBinary, nullable=False, comment="see content.packing"),
)

understood = (shots, vectors, shot_vectors, timelines)
"""What is known of a title version beyond its own row; it comes and goes with it."""

jobs = sa.Table(
    "jobs",
    metadata,
    tenant(),
    sa.Column("id", ID, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False, comment="ingest, reindex, compose, …"),
    sa.Column("title_id", ID, nullable=True),
    sa.Column("version", sa.Integer, nullable=True),
    sa.Column("generation", sa.String(64), nullable=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("stage", sa.String(32), nullable=False),
    sa.Column("progress", sa.Float, nullable=False),
    sa.Column("error_code", sa.String(64), nullable=True),
    sa.Column("error_detail", sa.Text, nullable=True),
    sa.Column("created_us", sa.BigInteger, nullable=False),
    sa.Column("updated_us", sa.BigInteger, nullable=False),
    sa.Column("request", sa.JSON, nullable=True, comment="of compose and generate: what is asked"),
    sa.Column("outcome", sa.JSON, nullable=True, comment="of these: groups made, what was refused"),
    sa.Column(
        "took", sa.JSON(none_as_null=True), nullable=True, comment="by operation: see workers.spent"
    ),
    sa.Index(None, "tenant", "state", "id"),
)


def job_version() -> sa.ColumnElement[bool]:
    """Joins a job and the version it is to publish, while that is its own."""
    return sa.and_(
        title_versions.c.tenant == jobs.c.tenant,
        title_versions.c.title_id == jobs.c.title_id,
        title_versions.c.version == jobs.c.version,
        title_versions.c.job_id == jobs.c.id,
    )


writer_receipts = sa.Table(
    "writer_receipts",
    metadata,
    tenant(),
    sa.Column("writer", sa.String(36), primary_key=True, comment="one for each start of a process"),
    sa.Column("number", sa.BigInteger, nullable=False, comment="of its last batch"),
    sa.Column("at_us", sa.BigInteger, nullable=False),
)
