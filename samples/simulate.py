"""Simulated viewers with hidden tastes, against the running service over HTTP."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import httpx
import numpy as np
from rich.console import Console
from rich.progress import track

from samples.worlds import F64, World, WorldSpec

ASPECT = "16:9"
LOOKS = {
    "brightness": ("bright", "dark"),
    "contrast": ("high contrast", "low contrast"),
    "saturation": ("saturated", "muted"),
    "colourfulness": ("colourful", "few colours"),
    "sharpness": ("crisp", "soft"),
    "exposure": ("well lit", "in shadow"),
    "face": ("faces", "no faces"),
}
"""Scores of a picture that viewers can have a taste for, and what to call much and little of it."""
NAMES = ("ada", "grace", "alan")
SEED = 7
TASTES = {"axes": 3, "pull": 2.0, "quality_sd": 0.25, "watches": 4}
"""Strong tastes in few looks, told by four titles watched: what a viewer's own past can teach."""
NEWCOMERS = 60
"""Viewers kept aside, of whom three are shown at the end."""


@dataclass(frozen=True)
class Viewer:
    name: str
    number: int
    """In the world."""
    likes: str


@dataclass
class Outcome:
    """What happened, decision by decision; the baselines are expectations in the same world."""

    world: World
    source_s: dict[str, float]
    seconds: float = 0.0
    taken: list[float] = field(default_factory=list)
    baselines: dict[str, list[float]] = field(default_factory=dict)

    def summary(self, late: int = 2000) -> Iterator[tuple[str, float, float]]:
        """Name, take fraction over all, take fraction over the last `late`."""
        for name, values in self._lines():
            yield name, float(np.mean(values)), float(np.mean(values[-late:]))

    def curves(self, window: int) -> Iterator[tuple[str, tuple[F64, F64]]]:
        """Name and (decision number, moving mean)."""
        for name, values in self._lines():
            sums = np.cumsum([0.0, *values])
            at = np.arange(window, len(values) + 1, dtype=np.float64)
            yield name, (at, (sums[window:] - sums[:-window]) / window)

    def _lines(self) -> Iterator[tuple[str, Sequence[float]]]:
        yield "Keyart", self.taken
        yield from self.baselines.items()


@dataclass
class Shown:
    """What each of three viewers is shown of each title."""

    viewers: list[Viewer]
    choices: dict[tuple[str, str], dict[str, Any]]
    source_s: dict[str, float]
    world: World

    def by_difference(self) -> list[str]:
        """Titles, those first whose pictures for the three look least alike."""
        titles = sorted({title for _, title in self.choices})
        return sorted(titles, key=lambda title: -self._spread(title))

    def _spread(self, title: str) -> float:
        """The smallest distance of looks between what any two viewers are shown."""
        looks = [
            self.world.look(title, self.choices[viewer.name, title]["group_id"])
            for viewer in self.viewers
        ]
        return min(float(np.linalg.norm(a - b)) for a, b in combinations(looks, 2))


def run(console: Console, http: httpx.Client, title_ids: Sequence[str], decisions: int) -> Outcome:
    """Let viewers watch, look at pages of titles and reward, until `decisions` were made."""
    looks, source_s = _pictures(http, title_ids)
    pages = -(-decisions // len(looks))
    world = World(looks, SEED, WorldSpec(viewers=pages + NEWCOMERS, **TASTES))
    outcome = Outcome(world, source_s)
    chance = np.random.default_rng(SEED)
    started = time.monotonic()
    for viewer in track(range(pages), "viewers", console=console, transient=True):
        room = decisions - len(outcome.taken)
        _visit(http, outcome, viewer, world.titles[:room], chance)
    outcome.seconds = time.monotonic() - started
    return outcome


def three_viewers(http: httpx.Client, outcome: Outcome) -> Shown:
    """Three newcomers with tastes far apart: nothing is known of them but what they watched."""
    world = outcome.world
    viewers = [
        Viewer(name, number, _likes(world, number))
        for name, number in zip(NAMES, _far_apart(world), strict=True)
    ]
    chance = np.random.default_rng(SEED + 1)
    choices = {}
    for viewer in viewers:
        _watch(http, world, viewer.number, viewer.name, chance)
        for item in _page(http, viewer.name, world.titles):
            choices[viewer.name, item["title_id"]] = item
    return Shown(viewers, choices, outcome.source_s, world)


def _pictures(
    http: httpx.Client, title_ids: Sequence[str]
) -> tuple[dict[str, dict[str, F64]], dict[str, float]]:
    """title -> group -> its looks, standardised over all pictures; group -> its second."""
    looks: dict[str, dict[str, F64]] = {}
    source_s = {}
    for title_id in title_ids:
        answer = http.get(f"/v1/titles/{title_id}/variants", params={"aspect": ASPECT})
        items = [v for v in answer.json().get("items", []) if v["aspect"] == ASPECT]
        source_s.update({v["group_id"]: v["source_s"] for v in items})
        if items:
            looks[title_id] = {
                v["group_id"]: np.array([v["scores"][name] for name in LOOKS]) for v in items
            }
    every = np.array([look for groups in looks.values() for look in groups.values()])
    mean, scale = every.mean(axis=0), every.std(axis=0) + 1e-6
    standard = {
        t: {g: (x - mean) / scale for g, x in groups.items()} for t, groups in looks.items()
    }
    return standard, source_s


def _visit(
    http: httpx.Client,
    outcome: Outcome,
    viewer: int,
    titles: Sequence[str],
    chance: np.random.Generator,
) -> None:
    world, user = outcome.world, f"viewer-{viewer}"
    _watch(http, world, viewer, user, chance)
    rewards = []
    for item in _page(http, user, titles):
        title, group = item["title_id"], item["group_id"]
        took = chance.random() < world.chance(viewer, title, group)
        outcome.taken.append(float(took))
        for name, baseline in (
            ("best for each viewer (unknowable)", world.oracle),
            ("best single picture per title", world.best_single),
            ("uniform", world.uniform),
        ):
            outcome.baselines.setdefault(name, []).append(baseline(viewer, title))
        if took:
            rewards.append({"decision_id": item["decision_id"], "kind": "watch", "value": 1.0})
    if rewards:
        _post(http, "/v1/rewards", {"items": rewards})


def _watch(
    http: httpx.Client, world: World, viewer: int, user: str, chance: np.random.Generator
) -> None:
    events = [
        {"user": user, "title_id": title, "kind": "watch", "value": round(value, 3)}
        for title, value in world.watched(viewer, chance)
    ]
    _post(http, "/v1/events", {"items": events})


def _page(http: httpx.Client, user: str, titles: Sequence[str]) -> list[dict[str, Any]]:
    body = {"user": user, "aspect": ASPECT, "title_ids": list(titles), "context": {"device": "tv"}}
    items: list[dict[str, Any]] = _post(http, "/v1/artwork", body)["items"]
    return items


def _post(http: httpx.Client, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answer = http.post(path, json=body)
    answer.raise_for_status()
    result: dict[str, Any] = answer.json()
    return result


def _far_apart(world: World) -> list[int]:
    """The three viewers, of those not simulated, whose tastes are strong and farthest apart."""
    pool = range(world.spec.viewers - NEWCOMERS, world.spec.viewers)
    first = max(pool, key=lambda v: float(np.linalg.norm(world.tastes[v])))
    chosen = [first]
    while len(chosen) < len(NAMES):
        chosen.append(
            max(
                (v for v in pool if v not in chosen),
                key=lambda v: min(
                    float(np.linalg.norm(world.tastes[v] - world.tastes[c])) for c in chosen
                ),
            )
        )
    return chosen


def _likes(world: World, viewer: int) -> str:
    """The two looks that go most with what the viewer likes, in words."""
    appeal = world.looks @ world.tastes[viewer]
    names = {name: n for n, name in enumerate(LOOKS)}
    with_look = {
        name: float(np.corrcoef(world.vectors[:, n], appeal)[0, 1]) for name, n in names.items()
    }
    best = sorted(with_look, key=lambda name: -abs(with_look[name]))[:2]
    return ", ".join(LOOKS[name][0 if with_look[name] > 0 else 1] for name in best)
