"""`keyart fit-weights`: what counts when two titles are alike, learned from use."""

import csv
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli import show
from api.cli.remote import DEFAULT_URL, Key, Remote, Url
from api.cli.show import AsJson
from content.errors import Invalid
from content.ids import check_title_id

if TYPE_CHECKING:
    from indexes.fitting import Fit

Pair = tuple[str, str]
Scores = dict[str, float]
BATCH = 500
MAX_PAIRS = 20_000
"""Co-watched pairs that are learned from; of more, as many drawn at random."""
LEFT_OUT = "the service does not know a title of them, or has no vectors of it"
RANDOM_PAIRS = 3
"""For each co-watched one."""


def fit_weights(
    pairs: Annotated[
        Path, typer.Argument(help="CSV: two title ids a line, watched by the same viewers.")
    ],
    *,
    dry_run: Annotated[bool, typer.Option(help="Show what was learned, change nothing.")] = False,
    seed: Annotated[int, typer.Option(help="Of the random pairs it is learned against.")] = 0,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Learn how much each space counts in similarity, from co-watched pairs of titles.

    The weights are put to use only when they order pairs that they were not learned from better
    than the present ones do, beyond chance. Vectors are not touched.
    """
    remote = Remote(url, key)
    watched, rng = list(dict.fromkeys(_read(pairs))), random.Random(seed)
    known, left_out = _known(remote, rng.sample(watched, len(watched)))
    if left_out:
        show.complain("", f"{left_out} of {len(watched)} pairs left out: {LEFT_OUT}")
    try:
        found = learn(remote, known, set(watched), rng)
    except Invalid as error:
        show.complain(error.code, error.detail)
        raise typer.Exit(1) from error
    used = found.better and not dry_run
    if used:
        remote.put("/v1/similarity/weights", {"weights": found.weights})
    now = remote.get("/v1/similarity/weights")["weights"]
    if as_json:
        show.print_json({**asdict(found), "better": found.better, "used": used, "in_use": now})
    else:
        _print(found, now, used=used)


def learn(
    remote: Remote, known: Mapping[Pair, Scores], watched: set[Pair], rng: random.Random
) -> "Fit":
    """Fit to the cosines that the service tells.

    Args:
        known: co-watched pairs to learn from, with their cosines.
        watched: all that are co-watched: none of them serves as a random pair.

    Raises:
        Invalid: `too_few_pairs`.
    """
    import numpy as np

    from indexes.fitting import fit
    from indexes.weights import FUSED

    positive, together = list(known), list(known.values())
    titles = sorted({title for pair in positive for title in pair})
    rng.shuffle(titles)
    number = {title: n for n, title in enumerate(titles)}
    negative = list(_random_pairs(titles, watched, RANDOM_PAIRS * len(positive), rng))
    asked = [*positive, *negative]
    told = [*together, *_scores(remote, negative)]
    cosines = [[scores.get(space, np.nan) for space in FUSED] for scores in told]
    return fit(
        np.array(cosines, np.float32).reshape(len(asked), len(FUSED)),
        np.arange(len(asked)) < len(positive),
        np.array([[number.get(title, -1) for title in pair] for pair in asked]).reshape(-1, 2),
        remote.get("/v1/similarity/weights")["weights"],
    )


def _read(path: Path) -> Iterator[Pair]:
    """The pairs of a CSV, ids in order; a heading goes where unknown titles go."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for number, row in enumerate(csv.reader(file), 1):
                cells = [cell.strip() for cell in row[:2]]
                if not any(cells):
                    continue
                if len(cells) < 2 or not all(cells):
                    raise typer.BadParameter(f"{path}, line {number}: two title ids are needed")
                if cells[0] != cells[1] and all(map(_may_name_title, cells)):
                    yield min(cells), max(cells)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise typer.BadParameter(f"{path} cannot be read as CSV: {error}") from error


def _may_name_title(cell: str) -> bool:
    try:
        check_title_id(cell)
    except Invalid:
        return False
    return True


def _known(remote: Remote, pairs: Sequence[Pair]) -> tuple[dict[Pair, Scores], int]:
    """Those of the pairs whose titles the service knows and has vectors of, at most MAX_PAIRS; and
    how many of those asked after it does not."""
    known: dict[Pair, Scores] = {}
    left_out = 0
    for pair, scores in zip(pairs, _scores(remote, pairs), strict=True):
        if scores:
            known[pair] = scores
        else:
            left_out += 1
        if len(known) == MAX_PAIRS:
            break
    return known, left_out


def _random_pairs(
    titles: Sequence[str], watched: set[Pair], count: int, rng: random.Random
) -> Iterator[Pair]:
    """Pairs of these titles that nobody is known to have watched both of."""
    for _ in range(count if len(titles) > 1 else 0):
        left, right = sorted(rng.sample(titles, 2))
        if (left, right) not in watched:
            yield left, right


def _scores(remote: Remote, pairs: Sequence[Pair]) -> Iterator[Scores]:
    for at in range(0, len(pairs), BATCH):
        answer = remote.post("/v1/similarity", {"pairs": pairs[at : at + BATCH]})
        yield from (item["scores"] for item in answer["items"])


def _print(found: "Fit", now: dict[str, Any], *, used: bool) -> None:
    rows = show.table("space", "learned", "in use", numbers=["learned", "in use"])
    for space, weight in found.weights.items():
        rows.add_row(space, f"{weight:.3f}", f"{now[space]:.3f}")
    console = show.out()
    console.print(rows)
    console.print(
        f"A co-watched pair scores above a random one: {found.auc:.1%} with the learned weights, "
        f"{found.auc_now:.1%} with those before; gain {found.gain:+.1%} "
        f"({found.gain_low:+.1%} to {found.gain_high:+.1%}), {found.pairs} pairs."
    )
    if used:
        console.print("[green]in use from now on[/]")
    elif not found.better:
        console.print("[yellow]not put to use: the gain may be chance[/]")
