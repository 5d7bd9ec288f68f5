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
    # Null in rows from before 0003.
    sa.Column("source_sha256", sa.String(64), nullable=True, comment="the whole picture's master"),
    sa.Column("scores", sa.JSON, nullable=True, comment="name -> 0..1, of the whole picture"),
    sa.Column("emphasis", sa.JSON, nullable=True, comment="tags: what the picture emphasises"),
    sa.Column("maturity", sa.String(8), nullable=True, comment="of what the picture shows"),
    sa.Column("focal", sa.JSON, nullable=True, comment="[x, y], shares of the whole picture"),
    sa.Column("language", sa.String(35), nullable=True, comment="of its lettering; null: none"),
    sa.Column("made", sa.JSON, nullable=True, comment="how: edits, sources, model, seed"),
    # Null in rows from before 0008.
    sa.Column("faces", sa.LargeBinary, nullable=True, comment="int8 (n, 128): whom it shows large"),
    sa.Index(None, "source_sha256"),
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
    # Null in rows from before 0003.
    sa.Column("fit", sa.String(8), nullable=True, comment="crop, bleed"),
    sa.Column("focal", sa.JSON, nullable=True, comment="[x, y], shares of this picture"),
    sa.Column("safe", sa.JSON, nullable=True, comment="name -> [x, y, width, height], shares"),
    sa.Column("blurhash", sa.String(64), nullable=True),
    sa.Column("colour", sa.String(7), nullable=True, comment="#rrggbb, dominant"),
    sa.Index(None, "tenant", "id"),
    sa.Index(None, "sha256"),
)

candidates = sa.Table(
    "candidates",
    metadata,
    tenant(),
    sa.Column("title_id", ID, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False, comment="in film order"),
    sa.Column("at_s", sa.Float, nullable=False),
    sa.Column("verdict", sa.String(16), nullable=False, comment="chosen, refused, passed_over"),
    sa.Column("reasons", sa.JSON, nullable=False, comment="of a refusal: the gates' names"),
    sa.Column("scores", sa.JSON, nullable=False, comment="name -> 0..1"),
    sa.Column("emphasis", sa.JSON, nullable=False),
    sa.Column("maturity", sa.String(8), nullable=False),
    sa.Column("group_id", sa.String(36), nullable=True, comment="of a chosen one"),
    sa.Column("sha256", sa.String(64), nullable=True, comment="a small picture's master"),
    sa.Index(None, "sha256"),
)

# ---- what people decided; it outlives the versions of a title ---------------------------------

verdicts = sa.Table(
    "verdicts",
    metadata,
    tenant(),
    sa.Column("group_id", sa.String(36), primary_key=True, comment="all crops of the picture"),
    sa.Column("title_id", ID, nullable=False),
    sa.Column("verdict", sa.String(8), nullable=False, comment="approve, veto"),
    sa.Column("decided_us", sa.BigInteger, nullable=False),
    sa.Index(None, "tenant", "title_id"),
)

artwork_policies = sa.Table(
    "artwork_policies",
    metadata,
    tenant(),
    sa.Column("title_id", ID, primary_key=True),
    sa.Column("policy", sa.JSON, nullable=False),
    sa.Column("updated_us", sa.BigInteger, nullable=False),
)

artwork_rules = sa.Table(
    "artwork_rules",
    metadata,
    tenant(),
    sa.Column("rules", sa.JSON, nullable=False, comment="of the whole catalogue"),
    sa.Column("updated_us", sa.BigInteger, nullable=False),
)

exposures = sa.Table(
    "exposures",
    metadata,
    tenant(),
    sa.Column("title_id", ID, primary_key=True),
    sa.Column("group_id", sa.String(36), primary_key=True),
    sa.Column("shown", sa.BigInteger, nullable=False, comment="impressions under a cap, in all"),
    sa.Column("day", sa.Integer, nullable=False, comment="days since 1970 UTC, of the last one"),
    sa.Column("today", sa.BigInteger, nullable=False, comment="of them on that day"),
)

# ---- the ledger: append-only, one total order `seq` over all its tables -----------------------

ledger_heads = sa.Table(
    "ledger_heads",
    metadata,
    tenant(),
    sa.Column("seq", sa.BigInteger, nullable=False, comment="the last one given out"),
)

picture_features = sa.Table(
    "picture_features",
    metadata,
    tenant(),
    sa.Column("feature_set", sa.String(16), primary_key=True),
    sa.Column("group_id", sa.String(36), primary_key=True),
    sa.Column("title_id", ID, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False, comment="int16 LE, 2^-10; frozen"),
    sa.Index(None, "tenant", "feature_set", "title_id"),
)

offers = sa.Table(
    "offers",
    metadata,
    tenant(),
    sa.Column("id", sa.String(36), primary_key=True, comment="uuid5 of title, aspect and arms"),
    sa.Column("title_id", ID, nullable=False),
    sa.Column("aspect", sa.String(8), nullable=False),
    sa.Column("arms", sa.Text, nullable=False, comment="JSON [[variant id, group id], …]"),
)

decisions = sa.Table(
    "decisions",
    metadata,
    tenant(),
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("offer_id", sa.String(36), nullable=False),
    sa.Column("title_id", ID, nullable=False),
    sa.Column("viewer", sa.LargeBinary(16), nullable=True, comment="HMAC of the user id"),
    sa.Column("context", sa.Text, nullable=False, comment="JSON"),
    sa.Column("chosen", sa.SmallInteger, nullable=False, comment="index into the offer's arms"),
    sa.Column("counts", sa.LargeBinary, nullable=False, comment="uint16 LE for each arm, of M"),
    sa.Column("floor", sa.Float(53), nullable=False),
    sa.Column("seed", sa.LargeBinary(16), nullable=False),
    # Packed by `belief.packing`: of today's features in one byte each.
    sa.Column("x", sa.LargeBinary, nullable=False, comment="int16 LE, 2^-10: the chosen arm's"),
    sa.Column("policy_id", sa.String(16), nullable=False),
    sa.Column("feature_set", sa.String(16), nullable=False),
    sa.Column("ledger_offset", sa.BigInteger, nullable=False, comment="last seq known at the draw"),
    sa.Column("decided_us", sa.BigInteger, nullable=False),
    sa.Column("expires_us", sa.BigInteger, nullable=False),
    sa.Column("deferred", sa.Boolean, nullable=False),
    # Null in rows from before 0010, as in those of today that have nothing to tell.
    sa.Column("way", sa.SmallInteger, nullable=True, comment="1 explore … 5 control; null: learn"),
    sa.Column("agrees", sa.Boolean, nullable=True, comment="in shadow: would have chosen the same"),
    sa.Column("narrowed", sa.SmallInteger, nullable=True, comment="bits: why arms were kept out"),
    sa.ForeignKeyConstraint(["tenant", "offer_id"], ["offers.tenant", "offers.id"]),
    sa.UniqueConstraint("tenant", "seq"),
    sa.Index("ix_decisions_episode", "tenant", "viewer", "title_id", "seq"),
)


def _of_decision() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant", "decision_id"], ["decisions.tenant", "decisions.id"])


def _seq() -> sa.Column[int]:
    return sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False)


impressions = sa.Table(
    "impressions",
    metadata,
    tenant(),
    _seq(),
    sa.Column("decision_id", sa.String(36), nullable=False),
    sa.Column("first", sa.Boolean, nullable=False, comment="this one activates the decision"),
    sa.Column("shown_us", sa.BigInteger, nullable=False),
    _of_decision(),
    sa.Index(None, "tenant", "decision_id"),
)

rewards = sa.Table(
    "rewards",
    metadata,
    tenant(),
    _seq(),
    sa.Column("decision_id", sa.String(36), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("value", sa.Float(53), nullable=False),
    sa.Column("event_id", sa.String(128), nullable=True),
    sa.Column("corrects", sa.Boolean, nullable=False, comment="supersedes the value before it"),
    sa.Column("before", sa.SmallInteger, nullable=False, comment="decision's reward, 2^-10"),
    sa.Column("after", sa.SmallInteger, nullable=False, comment="decision's reward, 2^-10"),
    sa.Column("occurred_us", sa.BigInteger, nullable=False),
    sa.Column("received_us", sa.BigInteger, nullable=False),
    _of_decision(),
    sa.UniqueConstraint("tenant", "event_id"),
    sa.Index(None, "tenant", "decision_id"),
)

watch_events = sa.Table(
    "watch_events",
    metadata,
    tenant(),
    _seq(),
    sa.Column("viewer", sa.LargeBinary(16), nullable=False, comment="HMAC of the user id"),
    sa.Column("title_id", ID, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("value", sa.Float(53), nullable=False),
    sa.Column("event_id", sa.String(128), nullable=True),
    sa.Column("feature_set", sa.String(16), nullable=False),
    # Null where the title had no pictures: `late_features` has them.
    sa.Column("features", sa.LargeBinary, nullable=True, comment="the title's mean, int16 LE"),
    sa.Column("occurred_us", sa.BigInteger, nullable=False),
    sa.Column("received_us", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("tenant", "event_id"),
    sa.Index("ix_watch_events_viewer", "tenant", "viewer", "seq"),
)

waiting_titles = sa.Table(
    "waiting_titles",
    metadata,
    tenant(),
    sa.Column("title_id", ID, primary_key=True, comment="watched before it had pictures"),
)

late_features = sa.Table(
    "late_features",
    metadata,
    tenant(),
    # In this order, for a viewer's taste asks for an event's title, set and place in the ledger.
    sa.Column("title_id", ID, primary_key=True),
    sa.Column("feature_set", sa.String(16), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False, comment="the ledger's"),
    sa.Column("after", sa.BigInteger, nullable=False, comment="of its events after < seq < this"),
    sa.Column("anew", sa.Boolean, nullable=False, comment="made later, for another feature set"),
    sa.Column("features", sa.LargeBinary, nullable=False, comment="as watch_events.features"),
    sa.Index(None, "tenant", "seq"),
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    tenant(),
    sa.Column("policy_id", sa.String(16), primary_key=True),
    sa.Column("feature_set", sa.String(16), primary_key=True),
    _seq(),
    sa.Column("data", sa.LargeBinary, nullable=False, comment="msgpack of arrays"),
    sa.Column("made_us", sa.BigInteger, nullable=False),
)

ledger_marks = sa.Table(
    "ledger_marks",
    metadata,
    tenant(),
    _seq(),
    sa.Column("kind", sa.String(16), nullable=False, comment="forgotten, expired"),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.Column("data", sa.JSON, nullable=False, comment="certificate's id; rows removed by table"),
)

# ---- the learned state over time ---------------------------------------------------------------

feature_sets = sa.Table(
    "feature_sets",
    metadata,
    tenant(),
    sa.Column("feature_set", sa.String(16), primary_key=True),
    sa.Column("encoder", sa.String(160), nullable=True, comment="fingerprint; null: any"),
    sa.Column(
        "refolded", sa.BigInteger, nullable=False, comment="others' rows up to this seq are anew"
    ),
    sa.Column("left_out", sa.BigInteger, nullable=False, comment="of them: their picture is gone"),
    sa.Column("ready_us", sa.BigInteger, nullable=True, comment="a reindex has cut over to it"),
    sa.Column("projection", sa.LargeBinary, nullable=True, comment="of looks; null: by chance"),
    sa.Column(
        "pictures", sa.BigInteger, nullable=False, server_default="0", comment="it was fitted on"
    ),
)

decision_features = sa.Table(
    "decision_features",
    metadata,
    tenant(),
    _seq(),
    sa.Column("feature_set", sa.String(16), primary_key=True, comment="another than decided with"),
    sa.Column("data", sa.LargeBinary, nullable=False, comment="as decisions.x"),
    sa.ForeignKeyConstraint(
        ["tenant", "seq"], ["decisions.tenant", "decisions.seq"], ondelete="CASCADE"
    ),
)

watch_features = sa.Table(
    "watch_features",
    metadata,
    tenant(),
    _seq(),
    sa.Column("feature_set", sa.String(16), primary_key=True, comment="another than watched with"),
    sa.Column("data", sa.LargeBinary, nullable=False, comment="as watch_events.features"),
    sa.ForeignKeyConstraint(
        ["tenant", "seq"], ["watch_events.tenant", "watch_events.seq"], ondelete="CASCADE"
    ),
)

folds = sa.Table(
    "folds",
    metadata,
    tenant(),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False, comment="the ledger's"),
    sa.Column("policy_id", sa.String(16), nullable=False),
    sa.Column("feature_set", sa.String(16), nullable=False),
    sa.Column("base", sa.BigInteger, nullable=False, comment="seq up to which it was folded anew"),
    sa.Column("landmark_us", sa.BigInteger, nullable=True, comment="null: every weight is 1"),
    sa.Column("made_us", sa.BigInteger, nullable=False),
)

# ---- how the choice is made at a time ----------------------------------------------------------

mode_changes = sa.Table(
    "mode_changes",
    metadata,
    tenant(),
    sa.Column(
        "n", sa.Integer, primary_key=True, autoincrement=False, comment="the last is in force"
    ),
    sa.Column("mode", sa.String(16), nullable=False),
    sa.Column("share", sa.Float(53), nullable=False, comment="of probability, in explore"),
    sa.Column("seq", sa.BigInteger, nullable=False, comment="of the ledger, what was learned then"),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.Column("by", sa.String(128), nullable=True, comment="who; guardrail when nobody"),
    sa.Column("why", sa.JSON(none_as_null=True), nullable=True),
)

mode_tallies = sa.Table(
    "mode_tallies",
    metadata,
    tenant(),
    sa.Column("n", sa.Integer, nullable=False, comment="of the change since which it counts"),
    sa.Column("seq", sa.BigInteger, nullable=False, comment="counted up to here"),
    sa.Column("data", sa.LargeBinary, nullable=False, comment="msgpack: two sides, 64 groups"),
)
