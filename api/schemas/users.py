"""Answers about people's rights."""

from dataclasses import asdict

from pydantic import BaseModel

from artwork.choice.people.forgetting import Forgotten
from content.ids import iso


class Certificate(BaseModel):
    """What is kept of a forgetting: no id and no pseudonym, but a token that only the deployment's
    key can compare. `removed`: rows by table."""

    id: str
    token: str
    mark: int | None
    at: str
    removed: dict[str, int]


class ForgottenProof(BaseModel):
    """The remaining ledger, folded from nothing, against the live state at `offset`; `holds` when
    all is equal, bit for bit, and no table holds the pseudonym (`found`: rows by table)."""

    holds: bool
    offset: int
    decisions: int
    sums_equal: bool
    posterior_equal: bool
    checkpoint_equal: bool
    state: str
    searched: int
    found: dict[str, int]


class ForgottenUser(BaseModel):
    """`overwritten`: nothing deleted is left in the database's own files (see docs/rights.md)."""

    certificate: Certificate
    overwritten: bool
    proof: ForgottenProof | None = None

    @classmethod
    def of(cls, outcome: Forgotten) -> "ForgottenUser":
        kept, proof = outcome.certificate, outcome.proof
        told = None
        if proof is not None:
            fields = asdict(proof)
            told = ForgottenProof(holds=proof.holds, decisions=fields.pop("rows"), **fields)
        return cls(
            certificate=Certificate(
                id=kept.id,
                token=kept.token,
                mark=kept.mark,
                at=iso(kept.at_us),
                removed=dict(kept.removed or {}),
            ),
            overwritten=outcome.overwritten,
            proof=told,
        )
