"""Weights of the sub-scores: in one place, kept durably, and learned from what pictures earned."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from artwork.choice.events.rewards import RewardEvent
from artwork.quality.fitting import MIN_TITLES, Earned, fit
from artwork.quality.refit import QualityWeights, read_earned
from artwork.quality.weights import DEFAULT, NAME, SCORES, checked, overall, read, write
from artwork.tables import image_groups
from content.errors import Conflict, Invalid
from tests.choosing import EMBEDDINGS, TITLES, House
from tests.http_house import assert_problem, client_of, make_house, served
from tests.shelf import fresh_engine, publish

SHARP = SCORES.index("sharpness")
FACE = SCORES.index("face_size")


def world(
    weights: dict[str, float], *, titles: int = 60, seed: int = 0, unknown: float = 0.0
) -> Earned:
    """Six pictures a title, shown 40 to 400 times; their take fraction rises with `weights`, on a
    level that is the title's own."""
    random = np.random.default_rng(seed)
    scores = random.random((titles * 6, len(SCORES)))
    title = np.repeat(np.arange(titles), 6)
    shown = random.integers(40, 400, len(title)).astype(float)
    pull = scores @ np.array([weights.get(name, 0.0) for name in SCORES])
    chance = np.clip(random.uniform(0.1, 0.6, titles)[title] + 0.3 * (pull - pull.mean()), 0, 1)
    reward = random.binomial(shown.astype(int), chance) / shown
    scores[random.random(scores.shape) < unknown] = np.nan
    return Earned(scores, reward, shown, title)


def test_the_shipped_weights_name_every_score_and_sum_to_one() -> None:
    assert sum(DEFAULT.values()) == pytest.approx(1.0)
    assert all(weight > 0 for weight in DEFAULT.values())


def test_overall_by_hand() -> None:
    weights = {"sharpness": 0.5, "face_size": 0.25, "symmetry": -0.25}
    assert overall(
        {"sharpness": 0.8, "face_size": 0.4, "symmetry": 1.0},
        weights | {n: 0.0 for n in SCORES if n not in weights},
    ) == pytest.approx(0.5 * 0.8 + 0.25 * 0.4)
    known = {name: weights.get(name, 0.0) for name in SCORES}
    assert overall({"sharpness": 0.8, "symmetry": 0.0}, known) == pytest.approx((0.4 + 0.25) / 0.75)
    assert overall({}, known) == 0.0


def test_what_decided_is_found_again_and_counts_more_than_what_did_not() -> None:
    found = fit(world({"sharpness": 1.0, "face_size": 0.5, "text_free": -0.7}), DEFAULT)
    assert found.better and found.agreement > found.agreement_now + 0.05
    ranked = sorted(SCORES, key=lambda name: -abs(found.weights[name]))
    assert set(ranked[:3]) == {"sharpness", "face_size", "text_free"}
    assert found.weights["text_free"] < 0 < found.weights["face_size"] < found.weights["sharpness"]
    assert (found.titles, found.pictures) == (60, 360) and found.decisions > 360 * 40
    assert sum(map(abs, found.weights.values())) == pytest.approx(1.0, abs=1e-4)


def test_unknown_scores_do_not_mislead() -> None:
    found = fit(world({"sharpness": 1.0}, unknown=0.2), DEFAULT)
    assert found.better
    assert max(found.weights, key=lambda name: abs(found.weights[name])) == "sharpness"


@pytest.mark.parametrize("seed", range(4))
def test_chance_is_not_put_to_use(seed: int) -> None:
    assert not fit(world({}, seed=seed, titles=40), DEFAULT).better


def test_weights_that_are_right_already_are_not_replaced() -> None:
    truth = checked({"sharpness": 1.0, "exposure": 0.5})
    assert not fit(world(truth), truth).better


def test_a_title_that_everybody_plays_says_nothing_of_its_pictures() -> None:
    random = np.random.default_rng(3)
    earned = world({}, titles=40)
    level = random.random(40)[earned.title]
    scores = earned.scores.copy()
    scores[:, SHARP] = level  # the same for all pictures of a title
    found = fit(Earned(scores, level, earned.shown, earned.title), DEFAULT)
    assert found.weights["sharpness"] == DEFAULT["sharpness"] and not found.better


def test_the_same_decisions_teach_the_same() -> None:
    assert fit(world({"thirds": 1.0}), DEFAULT) == fit(world({"thirds": 1.0}), DEFAULT)


def test_too_few_titles_are_refused() -> None:
    few = world({"sharpness": 1.0}, titles=MIN_TITLES - 1)
    with pytest.raises(Conflict) as refused:
        fit(few, DEFAULT)
    assert refused.value.code == "too_few_decisions"
    alone = Earned(few.scores[::6], few.reward[::6], few.shown[::6], few.title[::6])
    with pytest.raises(Conflict, match="of 0 titles"):
        fit(alone, DEFAULT)


# ---- kept --------------------------------------------------------------------------------------


def test_what_is_written_is_read_and_repeats_byte_for_byte(tmp_path: Path) -> None:
    assert read(tmp_path) == pytest.approx(dict(DEFAULT))
    write(tmp_path, {"sharpness": 3.0, "symmetry": -1.0})
    kept = (tmp_path / NAME).read_bytes()
    assert read(tmp_path) == {n: {"sharpness": 0.75, "symmetry": -0.25}.get(n, 0.0) for n in SCORES}
    write(tmp_path, read(tmp_path))
    assert (tmp_path / NAME).read_bytes() == kept
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"smell": 1}', '{"thirds": "a"}', '{"thirds": 0}', '{"thirds": NaN}']
)
def test_a_file_that_holds_no_weights_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(Invalid) as refused:
        read(tmp_path)
    assert refused.value.code == "invalid_quality_weights"


# ---- from the ledger ---------------------------------------------------------------------------


def score(engine: sa.Engine, titles: dict[str, dict[str, float]]) -> None:
    """Give groups (by name, of every title) their sharpness."""
    with engine.begin() as connection:
        for row in connection.execute(sa.select(image_groups.c.title_id, image_groups.c.id)):
            known = titles.get(row.title_id, {})
            if row.id in known:
                connection.execute(
                    sa.update(image_groups)
                    .where(image_groups.c.id == row.id)
                    .values(scores={"sharpness": known[row.id], "overall": 0.5})
                )


def test_the_ledger_is_counted_as_it_stands(any_house: House) -> None:
    with any_house.engine.connect() as connection:
        groups = [
            row.id
            for row in connection.execute(
                sa.select(image_groups.c.id)
                .where(image_groups.c.title_id == TITLES[0])
                .order_by(image_groups.c.id)
            )
        ]
    score(any_house.engine, {TITLES[0]: {g: n / 100 for n, g in enumerate(groups)}})
    wanted: dict[str, list[float]] = {}
    for n in range(30):
        [choice] = any_house.choose(TITLES[0], user=f"v{n}")
        any_house.choose(TITLES[1], user=f"v{n}")  # has no scores: not counted
        mine = wanted.setdefault(choice.group_id, [])
        mine.append(0.0)
        if n % 3 == 0:
            any_house.refusals(RewardEvent(choice.decision_id, "watch", 0.5))
            if n % 2 == 0:
                any_house.refusals(RewardEvent(choice.decision_id, "watch", 0.25, correct=True))
            mine[-1] = (0.25 if n % 2 == 0 else 0.5) / 0.7
    [deferred] = any_house.choose(TITLES[0], user="late", defer=True)
    with any_house.engine.connect() as connection:
        earned = read_earned(connection)
    told = {
        groups[round(100 * row[SHARP])]: (int(shown), reward)
        for row, shown, reward in zip(earned.scores, earned.shown, earned.reward, strict=True)
    }
    assert set(told) == set(wanted) and deferred.decision_id
    for group, rewards in wanted.items():
        assert told[group][0] == len(rewards), "a deferred decision has shown nothing yet"
        assert told[group][1] == pytest.approx(sum(rewards) / len(rewards), abs=1e-3)
    assert np.isnan(earned.scores[:, FACE]).all() and set(earned.title) == {0}


# ---- over HTTP ---------------------------------------------------------------------------------


class Told(QualityWeights):
    """Of made decisions."""

    earned = world({"sharpness": 1.0, "face_size": 0.5})

    def fit(self, *, keep: bool) -> object:
        found = fit(self.earned, self.read())
        if used := keep and found.better:
            write(self._folder, found.weights)
        return found, used


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    house = make_house(tmp_path)
    house.quality = Told(fresh_engine(tmp_path), tmp_path)  # type: ignore[assignment]
    with served(house) as made:
        yield made


def keyart(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api.cli", "fit-quality", *arguments, "--url", url],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
    )


def test_the_command_shows_fits_and_puts_to_use(url: str, tmp_path: Path) -> None:
    dry = keyart(url, "--dry-run", "--json")
    assert dry.returncode == 0, dry.stderr
    told = json.loads(dry.stdout)
    assert told["better"] and not told["used"] and told["in_use"] == pytest.approx(dict(DEFAULT))
    assert not (tmp_path / NAME).exists()
    done = keyart(url)
    assert "in use from now on" in done.stdout and "60 titles" in done.stdout
    assert read(tmp_path)["sharpness"] > 0.2
    again = keyart(url)
    assert "may be chance" in again.stdout


def test_nothing_decided_yet(tmp_path: Path) -> None:
    with client_of(make_house(tmp_path)) as client:
        told = client.get("/v1/quality/weights").json()["weights"]
        assert told == pytest.approx(dict(DEFAULT))
        assert_problem(client.post("/v1/quality/fit", json={}), 409, "too_few_decisions")
        assert_problem(client.post("/v1/quality/fit", json={"dry": 1}), 422, "invalid_request")
        (tmp_path / NAME).write_text("[]")
        assert_problem(client.get("/v1/quality/weights"), 422, "invalid_quality_weights")


def test_titles_shown_with_two_pictures_each_teach(tmp_path: Path) -> None:
    engine = fresh_engine(tmp_path)
    vectors = dict(list(EMBEDDINGS[TITLES[0]].items())[:3])
    titles = [f"t{n:02}" for n in range(MIN_TITLES)]
    groups = {title: list(publish(engine, title, vectors).values()) for title in titles}
    score(engine, {t: {g: n / 2 for n, g in enumerate(own)} for t, own in groups.items()})
    house = House(engine)
    house.open(floor=0.9)
    for n in range(12):
        for choice in house.choose(*titles, user=f"v{n}"):
            if groups[choice.title_id].index(choice.group_id) == 2:
                house.refusals(RewardEvent(choice.decision_id, "play", 1.0))
    found, used = QualityWeights(engine, tmp_path).fit(keep=True)
    assert found.better is False or found.weights["sharpness"] > 0.9
    assert found.weights["sharpness"] == 1.0 and found.agreement > 0.9
    # The weights in use order these pictures as well: sharpness is all that is known of them.
    assert not used and not (tmp_path / NAME).exists()
    house.end()
