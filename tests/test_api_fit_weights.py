"""`keyart fit-weights` against a real index behind a real socket."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from content.types import Vector
from indexes.schema import TitlePoint
from indexes.service import IndexService
from indexes.store_edge import EdgeStores
from tests.http_house import make_house, served
from tests.index_points import FINGERPRINTS, unit
from tests.standin_catalog import title

TITLES = 60


def points() -> list[TitlePoint]:
    """Twelve circles of five titles that sound alike; what they look like is chance."""
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(TITLES // 5, 12))
    made = []
    for n in range(TITLES):
        heard = unit((centres[n // 5] + 0.5 * rng.normal(size=12)).astype(np.float32))
        seen = unit(rng.normal(size=24).astype(np.float32))
        vectors = {
            "audio": Vector(heard, FINGERPRINTS["audio"]),
            "visual": Vector(seen, FINGERPRINTS["visual"]),
        }
        made.append(TitlePoint(f"t{n:02}", 1, vectors))  # type: ignore[arg-type]
    return made


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    house = make_house(tmp_path)
    service = IndexService(tmp_path / "index", EdgeStores())
    service.ensure(FINGERPRINTS)
    service.upsert(points())
    house.index = service  # type: ignore[assignment]
    for n in range(TITLES):
        house.catalog.titles[f"t{n:02}"] = title(f"t{n:02}")
    with served(house) as made:
        yield made
    service.close()


def circles(path: Path) -> Path:
    """What viewers watched both of: pairs within a circle, and a heading."""
    lines = ["title a,title b"]
    for first in range(0, TITLES, 5):
        lines += [f"t{first + i:02},t{first + j:02}" for i in range(5) for j in range(i + 1, 5)]
    path.write_text("\n".join([*lines, "", "gone,t01"]))
    return path


def run(url: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "api.cli", "fit-weights", *map(str, arguments), "--url", url]
    wide = {**os.environ, "COLUMNS": "300"}  # however long the path, no line of a message breaks
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env=wide
    )


def test_what_viewers_go_by_is_found_and_put_to_use(url: str, tmp_path: Path) -> None:
    pairs = circles(tmp_path / "pairs.csv")
    tried = json.loads(run(url, pairs, "--dry-run", "--json").stdout)
    assert not tried["used"]
    assert tried["in_use"]["audio"] < 0.5
    learned = json.loads(run(url, pairs, "--json").stdout)
    assert learned["used"]
    assert learned["in_use"]["audio"] > 0.8
    assert learned["auc"] > learned["auc_now"] + 0.03
    assert learned["pairs"] == 120
    again = run(url, pairs)
    assert again.returncode == 0
    assert "not put to use" in again.stdout  # nothing is left to be gained
    assert "1 of 121 pairs left out" in again.stderr


def test_pairs_by_chance_change_nothing(url: str, tmp_path: Path) -> None:
    rng = random.Random(3)
    drawn = {tuple(sorted(rng.sample(range(TITLES), 2))) for _ in range(150)}
    path = tmp_path / "chance.csv"
    path.write_text("".join(f"t{a:02},t{b:02}\n" for a, b in sorted(drawn)))
    answer = json.loads(run(url, path, "--json").stdout)
    assert not answer["used"]
    assert answer["in_use"]["audio"] < 0.5


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [("a,b\n", 1, "too_few_pairs"), ("lonely\n", 2, "line 1"), ("", 1, "too_few_pairs")],
)
def test_what_teaches_nothing_is_refused(
    url: str, tmp_path: Path, text: str, status: int, told: str
) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    answer = run(url, path)
    assert (answer.returncode, told in answer.stderr) == (status, True), answer.stderr


def test_a_file_that_is_not_there_is_told(url: str, tmp_path: Path) -> None:
    answer = run(url, tmp_path / "none.csv")
    assert answer.returncode == 2
    assert "cannot be read" in answer.stderr
