"""What was read of a film, kept: made anew of it without the film, given up with its title."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from content.records import writing
from content.tables import vectors
from tests.opened import indexed_parts
from tests.synth import make_clip
from tests.understood import PRINTS, TAKES, published
from workers import removal
from workers.parts import Parts
from workers.pool import Pool
from workers.readings import Readings
from workers.refresh import Refresh

OLD = "old@1:2:a"
OF_WORDS = ("synopsis", "concept", "style")


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with indexed_parts(tmp_path) as opened:
        yield opened


def read_once(parts: Parts, pool: Pool, film: Path) -> Refresh:
    """A published title of which today's encoders have read the film."""
    make_clip(film, TAKES, sound="music")
    refresh = published(parts, pool, film, dict.fromkeys(PRINTS, OLD))
    refresh.title("a", 1)
    removal.clear_work(parts, refresh.job.id)
    parts.work_folder(refresh.job.id).mkdir()
    return refresh


def outdated(parts: Parts, *spaces: str) -> None:
    """As if another encoder had made these."""
    with writing(parts.engine).begin() as connection:
        connection.execute(
            sa.update(vectors).where(vectors.c.space.in_(spaces)).values(fingerprint=OLD)
        )


def prints(parts: Parts) -> dict[str, str]:
    return {space: made.fingerprint for space, made in parts.catalog.vectors("a", 1).items()}


def test_another_encoder_of_words_opens_no_film(parts: Parts, pool: Pool, tmp_path: Path) -> None:
    refresh = read_once(parts, pool, tmp_path / "film.mp4")
    before, made = parts.catalog.run("a"), parts.catalog.vectors("a", 1)
    (tmp_path / "film.mp4").unlink()
    outdated(parts, *OF_WORDS)
    refresh.title("a", 1)
    after = parts.catalog.run("a")
    assert prints(parts) == PRINTS
    for space, vector in parts.catalog.vectors("a", 1).items():
        assert vector.data.tobytes() == made[space].data.tobytes(), space
    assert after.shots == before.shots and after.title.profile == before.title.profile
    removal.clear_work(parts, refresh.job.id)
    assert all(parts.images.has(shot.keyframe_sha256) for shot in after.shots)
    assert parts.readings.of("a", 1).exists(), "the next one wants it, too"


def test_a_film_is_read_again_where_others_read_it_or_it_is_asked_for(
    parts: Parts, pool: Pool, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    refresh = read_once(parts, pool, film)
    film.unlink()
    outdated(parts, *OF_WORDS)
    refresh.title("a", 1, anew=True)
    assert prints(parts)["concept"] == OLD, "what was read is not what was asked for"
    make_clip(film, TAKES[:1])
    refresh.title("a", 1)
    assert prints(parts)["concept"] == PRINTS["concept"]
    assert len(parts.catalog.run("a").shots) == 1, "the file is another one"
    film.unlink()
    outdated(parts, "visual")
    refresh.title("a", 1)
    assert prints(parts)["visual"] == PRINTS["visual"]
    assert len(parts.catalog.run("a").shots) == 1, "what is kept is of the film read last"


def test_readings_go_with_their_titles(parts: Parts, pool: Pool, tmp_path: Path) -> None:
    read_once(parts, pool, tmp_path / "film.mp4")
    for orphan in (parts.readings.of("a", 2), parts.readings.of("gone", 1)):
        orphan.mkdir(parents=True)
    removal.sweep(parts)
    assert parts.readings.of("a", 1).exists()
    assert not parts.readings.of("a", 2).exists() and not parts.readings.of("gone", 1).exists()
    removal.remove_title(parts, "a")
    assert not parts.readings.of("a", 1).parent.exists()


@pytest.mark.parametrize("kept", [True, False])
def test_a_reading_is_kept_once_and_lent_as_a_copy(tmp_path: Path, *, kept: bool) -> None:
    readings, job = Readings(tmp_path / "readings", kept), tmp_path / "job" / "segments"
    readings.lend("a", 1, job)
    assert not job.exists(), "there is none"
    job.mkdir(parents=True)
    (job / "segment-0000.msgpack").write_text("one")
    readings.keep("a", 1, job)
    assert readings.of("a", 1).exists() == kept != job.exists()
    readings.keep("a", 1, tmp_path / "nothing")
    if not kept:
        return
    readings.lend("a", 1, job)
    replacing = job / "new"
    replacing.write_text("two")
    replacing.replace(job / "segment-0000.msgpack")
    readings.lend("a", 1, job)
    assert (job / "segment-0000.msgpack").read_text() == "two", "the job's own count"
    assert (readings.of("a", 1) / "segment-0000.msgpack").read_text() == "one"
    readings.keep("a", 1, job)
    assert (readings.of("a", 1) / "segment-0000.msgpack").read_text() == "two"
    readings.drop("a", 1)
    readings.drop("b")
    assert not readings.of("a", 1).exists()
