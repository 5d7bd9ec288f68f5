"""Comments that say what a column holds; they named modules that have moved since.

SQLite keeps no comments.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WAS, IS = "existing_comment", "comment"
COLUMNS: list[tuple[str, str, dict[str, Any]]] = [
    ("decisions", "way", {
        WAS: "artwork.choice.ways; null: learn",
        IS: "1 explore … 5 control; null: learn",
        "existing_type": sa.SmallInteger(),
        "existing_nullable": True,
    }),
    ("decisions", "narrowed", {
        WAS: "bits, offer.narrowings",
        IS: "bits: why arms were kept out",
        "existing_type": sa.SmallInteger(),
        "existing_nullable": True,
    }),
    ("mode_tallies", "data", {
        WAS: "msgpack: artwork.choice.tally",
        IS: "msgpack: two sides, 64 groups",
        "existing_type": sa.LargeBinary(),
        "existing_nullable": False,
    }),
]  # fmt: skip


def upgrade() -> None:
    if op.get_bind().dialect.supports_comments:
        for table, column, said in COLUMNS:
            op.alter_column(table, column, **said)


def downgrade() -> None:
    if op.get_bind().dialect.supports_comments:
        for table, column, said in COLUMNS:
            op.alter_column(table, column, **{**said, WAS: said[IS], IS: said[WAS]})
