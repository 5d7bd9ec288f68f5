"""Files that are no films, or pretend: each refused by its name, nothing else opened."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from content import decode
from content.errors import PermanentError
from tests import hostile
from tests.synth import Take, make_clip

MAKERS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "empty": (hostile.empty, "media_empty"),
    "text": (hostile.text, "media_unreadable"),
    "half mp4": (hostile.cut_at_half, "media_truncated"),
    "half mp4, index first": (hostile.fast_start_cut_at_half, "media_truncated"),
    "half mkv": (lambda folder: hostile.cut_at_half(folder, ".mkv"), "media_truncated"),
    "m4a": (hostile.audio_only, "media_no_video"),
    "wav": (lambda folder: hostile.audio_only(folder, ".wav"), "media_no_video"),
    "codec": (hostile.unknown_codec, "media_codec_unknown"),
    "65,535 px": (hostile.huge_header, "media_too_large"),
    "fifo": (hostile.fifo, "media_not_a_file"),
    "folder": (lambda folder: folder, "media_not_a_file"),
    "device": (lambda folder: Path("/dev/zero"), "media_not_a_file"),
    "missing": (lambda folder: folder / "none.mp4", "media_not_a_file"),
}


@pytest.mark.parametrize("name", MAKERS)
def test_refused_by_name(name: str, tmp_path: Path) -> None:
    make, code = MAKERS[name]
    with pytest.raises(PermanentError) as caught:
        list(decode.analyse(make(tmp_path)))
    assert caught.value.code == code
    assert caught.value.detail


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    make_clip(tmp_path / "film.mp4", [Take(0.2)])
    (tmp_path / "link.mp4").symlink_to(tmp_path / "film.mp4")
    with pytest.raises(PermanentError) as caught:
        decode.probe(tmp_path / "link.mp4")
    assert caught.value.code == "media_not_a_file"


@pytest.mark.parametrize("prefix", ["", "\ufeff", "\n\n  ", "junk\n" * 30])
def test_a_playlist_connects_nowhere(tmp_path: Path, prefix: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/part.ts"
        path = hostile.hls_playlist(tmp_path, address)
        path.write_text(prefix + path.read_text())
        with pytest.raises(PermanentError) as caught:
            decode.probe(path)
        assert caught.value.code in ("media_format_refused", "media_unreadable")
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_concat_script_opens_no_other_file(tmp_path: Path) -> None:
    other = tmp_path / "other.mp4"
    make_clip(other, [Take(0.2)])
    with pytest.raises(PermanentError) as caught:
        decode.probe(hostile.ffconcat(tmp_path, other))
    assert caught.value.code == "media_format_refused"
    # Even where the text is not recognised at once, the decoder itself refuses.
    script = hostile.ffconcat(tmp_path, other)
    script.write_text("\x00" * 100 + script.read_text())
    with pytest.raises(PermanentError):
        decode.probe(script)
