"""One running service for the tests that only look at it; others start their own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import synth
from tests.e2e.service import Service, running

SYNOPSIS = "A widowed sailor crosses the sea in grief and loneliness."
"""Words that name a feeling: others tell no mood."""


@dataclass(frozen=True)
class World:
    """A service with three titles done: two with media, one of words alone."""

    service: Service
    media: Path


TITLES = {
    "night-city": {
        "name": "Night City",
        "synopsis": "A detective follows a stranger through rain and neon in a city by night.",
        "genres": ["crime", "drama"],
        "maturity": "16",
        "language": "en",
    },
    "green-hills": {
        "name": "Green Hills",
        "synopsis": "Two children and their dog spend a bright summer in the hills.",
        "genres": ["family"],
        "maturity": "all",
        "language": "en",
    },
}


def film(path: Path, number: int, shots: int = 5) -> None:
    """A small film with music; another one for each number."""
    colours = [((70 * number + 40 * k) % 200 + 30, 60 + 30 * k, 200 - 35 * k) for k in range(shots)]
    takes = [
        synth.Take(1.2 + 0.1 * k, colour, ("disc", "bars")[k % 2])
        for k, colour in enumerate(colours)
    ]
    synth.make_clip(path, takes, sound="music")


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    media = folder / "media"
    media.mkdir()
    for number, title_id in enumerate(TITLES):
        film(media / f"{title_id}.mp4", number)
    with running(folder / "data", KEYART_MEDIA_ROOTS=str(media)) as service:
        jobs = [
            service.submit({"id": title_id, "media": f"{title_id}.mp4", **fields})
            for title_id, fields in TITLES.items()
        ]
        words = {"id": "words-only", "name": "Words", "synopsis": SYNOPSIS}
        jobs.append(service.submit(words))
        for job in jobs:
            assert service.wait(job["job_id"])["state"] == "done", service.log()
        yield World(service, media)
