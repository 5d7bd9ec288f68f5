"""What a key may do: three roles, each with what the one before it may, and the role of each route.

`viewer` is what the backend of a player needs, `editor` what people need who look after the
catalogue and its pictures; `admin` is everything.
"""

from collections.abc import Mapping

from content.errors import Forbidden
from workers.keys import ROLES, Role

_VIEWER = """
    GET /v1/titles
    GET /v1/titles/{title_id}
    GET /v1/titles/{title_id}/profile
    GET /v1/titles/{title_id}/timeline
    GET /v1/titles/{title_id}/shots
    GET /v1/titles/{title_id}/similar
    GET /v1/titles/{title_id}/artwork
    GET /v1/search
    POST /v1/search/media
    GET /v1/moments
    GET /v1/titles/{title_id}/match-cuts
    POST /v1/artwork
    GET /v1/decisions/{decision_id}
    POST /v1/rewards
    GET /v1/rewards/policy
    POST /v1/events
    GET /v1/users/{user}/similar
    GET /v1/images/{name}
    GET /v1/images/cards/plain/{name}
    GET /v1/images/cards/{title_id}/{token}/{name}
    GET /v1/provenance/root.pem
    POST /v1/similar
    POST /v1/similarity
    GET /v1/similarity/weights
    GET /healthz
    GET /readyz
    GET /metrics
    GET /openapi.json
"""
_EDITOR = """
    POST /v1/titles
    POST /v1/titles:bulk
    DELETE /v1/titles/{title_id}
    GET /v1/titles/{title_id}/variants
    POST /v1/titles/{title_id}/variants
    GET /v1/titles/{title_id}/candidates
    GET /v1/titles/{title_id}/artwork-policy
    PUT /v1/titles/{title_id}/artwork-policy
    POST /v1/titles/{title_id}/compose
    POST /v1/titles/{title_id}/generate
    POST /v1/variants/{variant_id}/approve
    POST /v1/variants/{variant_id}/veto
    GET /v1/rules
    PUT /v1/rules
    POST /v1/rules/check
    GET /v1/generations
    GET /v1/jobs
    GET /v1/jobs/{job_id}
    DELETE /v1/jobs/{job_id}
    GET /v1/policy
    GET /v1/policy/history
    GET /v1/quality/weights
"""
_ADMIN = """
    PUT /v1/policy
    POST /v1/policy/promote
    DELETE /v1/users/{user}
    GET /v1/users/{user}/export
    POST /v1/reindex
    POST /v1/reindex/{job_id}/rollback
    POST /v1/titles:reindex
    POST /v1/rebuild
    POST /v1/spaces/taste:fit
    PUT /v1/similarity/weights
    POST /v1/quality/fit
"""
ROUTES: Mapping[str, Role] = {
    line.strip(): role
    for role, lines in zip(ROLES, (_VIEWER, _EDITOR, _ADMIN), strict=True)
    for line in lines.strip().splitlines()
}
"""Method and path template → the least role that may. A route that is missing takes an admin."""


def role_of(method: str, path: str) -> Role:
    return ROUTES.get(f"{'GET' if method == 'HEAD' else method} {path}", "admin")


def check(given: Role, needed: Role) -> None:
    """Raises Forbidden: `forbidden_role`."""
    if ROLES.index(given) < ROLES.index(needed):
        raise Forbidden(
            "forbidden_role",
            f"this takes a key with the role {needed}; the one that was sent has {given}",
            needed=needed,
        )
