"""What people decided of a title's pictures: verdicts and policies, kept apart from its versions.

A verdict is of a picture, not of one crop: it is kept by image group, whose id is the same when the
same picture is found again in another version. Whatever is decided here touches the title in the
same transaction, so that the next choice reads it (`artwork.choice.offer.shelves.Shelves`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from artwork.rules.guardrails import ArtworkPolicy, Verdict
from artwork.rules.limits import Cap, limits_of, picture_rules_of
from artwork.tables import artwork_policies, image_groups, variants, verdicts
from content import publication
from content.errors import Invalid, NotFound
from content.tables import matching
from content.types import Origin


@dataclass(frozen=True, slots=True)
class Judged:
    """A picture with what was decided of it; `variant_id` is the crop that was named, or one."""

    variant_id: str
    group_id: str
    title_id: str
    aspect: str
    verdict: Verdict
    decided_us: int


def judge(
    connection: sa.Connection, variant_id: str, verdict: Verdict, at_us: int, tenant: str
) -> Judged:
    """Approve or veto a picture, named by a variant's id or its group's; the newest verdict holds.

    An approval also takes the picture off the vetoes of its title's policy.

    Raises:
        NotFound: `variant_not_found`.
    """
    v = variants.c
    row = connection.execute(
        sa.select(v.title_id, v.group_id, v.aspect, v.id)
        .where(v.tenant == tenant, sa.or_(v.id == variant_id, v.group_id == variant_id))
        .order_by(v.id)
        .limit(1)  # it may be in two versions of its title; all but the version is the same
    ).one_or_none()
    if row is None:
        raise NotFound("variant_not_found", f"there is no variant {variant_id!r}")
    title_id, group_id, aspect, variant_id = row
    # First: whoever else decides of this title waits here, so that no policy read below is old.
    publication.touch(connection, tenant=tenant, title_id=title_id)
    _put(
        connection,
        verdicts,
        {"tenant": tenant, "group_id": group_id},
        {"title_id": title_id, "verdict": verdict, "decided_us": at_us},
    )
    policy = policy_of(connection, title_id, tenant)
    if verdict == "approve" and group_id in policy.veto:
        veto = tuple(each for each in policy.veto if each != group_id)
        _put_policy(connection, title_id, replace(policy, veto=veto), at_us, tenant)
    return Judged(variant_id, group_id, title_id, aspect, verdict, at_us)


def verdicts_of(connection: sa.Connection, title_id: str, tenant: str) -> dict[str, Verdict]:
    """The verdicts on a title's pictures, by group."""
    query = sa.select(verdicts.c.group_id, verdicts.c.verdict).where(
        *matching(verdicts, tenant=tenant, title_id=title_id)
    )
    return {row.group_id: row.verdict for row in connection.execute(query)}


def policy_of(connection: sa.Connection, title_id: str, tenant: str) -> ArtworkPolicy:
    """A title's policy; one that rules nothing where none was set."""
    stored: Mapping[str, Any] | None = connection.execute(
        sa.select(artwork_policies.c.policy).where(
            *matching(artwork_policies, tenant=tenant, title_id=title_id)
        )
    ).scalar()
    if stored is None:
        return ArtworkPolicy()
    named = {**stored, "veto": tuple(stored["veto"]), "origins": tuple(stored["origins"])}
    if "limits" in stored:  # policies from before had none of these
        pictures = stored["pictures"].items()
        named |= {
            "limits": limits_of(stored["limits"]),
            "cap": Cap(**stored["cap"]),
            "pictures": {group: picture_rules_of(said) for group, said in pictures},
        }
    return ArtworkPolicy(**named)


def set_policy(
    connection: sa.Connection, title_id: str, policy: ArtworkPolicy, at_us: int, tenant: str
) -> ArtworkPolicy:
    """Put a policy in the place of the title's earlier one.

    Pictures may be named by a variant's id or a group's; they are kept, and answered, by group.

    Raises:
        NotFound: `variant_not_found`, for an id that is of no picture of this title.
        Invalid: `picture_twice`, where two of `pictures` are the same one.
    """
    publication.touch(connection, tenant=tenant, title_id=title_id)
    single = [each for each in (policy.pin, policy.incumbent) if each is not None]
    named = (*single, *policy.veto, *policy.pictures)
    groups = _groups(connection, title_id, named, policy_of(connection, title_id, tenant), tenant)
    if len({groups[each] for each in policy.pictures}) < len(policy.pictures):
        raise Invalid("picture_twice", "two of `pictures` are crops of one picture: say it once")
    kept = replace(
        policy,
        pin=None if policy.pin is None else groups[policy.pin],
        incumbent=None if policy.incumbent is None else groups[policy.incumbent],
        veto=tuple(sorted({groups[each] for each in policy.veto})),
        pictures={groups[each]: said for each, said in policy.pictures.items()},
    )
    _put_policy(connection, title_id, kept, at_us, tenant)
    return kept


def origin_of(
    connection: sa.Connection, title_id: str, group_id: str | None, tenant: str
) -> Origin | None:
    """The origin of a title's picture, named by group; None of none, or of one that is gone."""
    query = sa.select(image_groups.c.origin).where(
        *matching(image_groups, tenant=tenant, title_id=title_id), image_groups.c.id == group_id
    )
    origin: Origin | None = connection.execute(query.limit(1)).scalar()
    return origin


def _groups(
    connection: sa.Connection,
    title_id: str,
    named: Iterable[str],
    before: ArtworkPolicy,
    tenant: str,
) -> dict[str, str]:
    """The group of each id; one that the policy before had named may be gone meanwhile."""
    v = variants.c
    of_old = (*before.veto, *before.pictures, before.pin, before.incumbent)
    known = {group: group for group in of_old if group is not None}
    for variant, group in connection.execute(
        sa.select(v.id, v.group_id).where(*matching(variants, tenant=tenant, title_id=title_id))
    ):
        known[variant] = known[group] = group
    for each in named:
        if each not in known:
            raise NotFound("variant_not_found", f"title {title_id!r} has no picture {each!r}")
    return known


def _put_policy(
    connection: sa.Connection, title_id: str, policy: ArtworkPolicy, at_us: int, tenant: str
) -> None:
    values = {"policy": asdict(policy), "updated_us": at_us}
    _put(connection, artwork_policies, {"tenant": tenant, "title_id": title_id}, values)


def _put(
    connection: sa.Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(table).values({**key, **values})
    connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=dict(values)))
