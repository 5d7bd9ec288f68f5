"""Colours come out as they are shown, whatever the file says or leaves unsaid of its codes."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from content import decode
from content.letterbox import Bars
from tests import hostile

KR_KB = {"601": (0.299, 0.114), "709": (0.2126, 0.0722), "2020": (0.2627, 0.0593)}
PATCHES = np.array(
    [(200, 60, 40), (30, 90, 160), (70, 140, 60), (16, 16, 16), (120, 120, 120), (90, 40, 110)]
)
PATCH_PX = 64
TO_2020 = np.array(
    [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
)  # ITU-R BT.2087


def yuv(rgb: np.ndarray, standard: str, bits: int) -> np.ndarray:
    """Limited-range codes of RGB, 0..1."""
    kr, kb = KR_KB[standard]
    red, green, blue = np.moveaxis(rgb, -1, 0)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - luma) / (2 - 2 * kb), (red - luma) / (2 - 2 * kr)
    codes = np.stack([16 + 219 * luma, 128 + 224 * cb, 128 + 224 * cr], -1)
    return np.rint(codes * 2 ** (bits - 8)).astype(np.uint16 if bits > 8 else np.uint8)


def patches(path: Path, rgb: np.ndarray, standard: str, *, size=None, tags=None) -> Path:
    """A clip of three frames with the patches side by side; `tags`: primaries, transfer, matrix."""
    bits = 8 if tags is None else 10
    codes = yuv(rgb, standard, bits)
    width, height = size or (PATCH_PX * len(rgb), PATCH_PX)
    columns = np.minimum(np.arange(width) * len(rgb) // width, len(rgb) - 1)
    with av.open(str(path), "w") as container:
        options = {"x265-params": "log-level=0:crf=2"} if tags else {"crf": "2"}
        stream = container.add_stream("libx265" if tags else "libx264", rate=10, options=options)
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuv420p10le" if tags else "yuv420p"
        if tags:
            context = stream.codec_context
            context.color_primaries, context.color_trc, context.colorspace = tags
        for n in range(3):
            frame = av.VideoFrame(width, height, stream.pix_fmt)
            for plane, values in zip(frame.planes, codes[columns].T, strict=True):
                line = values if plane.width == width else values[::2]
                padded = np.zeros(plane.line_size // line.itemsize, line.dtype)
                padded[: line.size] = line
                plane.update(np.tile(padded, plane.height).tobytes())
            frame.pts, frame.time_base = n, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def shown(path: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The patches' colours in a sample and in a full picture, each (count, 3)."""
    sample = next(p for p in decode.analyse(path, bars=Bars()) if isinstance(p, decode.Sample))
    _, full = next(iter(decode.grab(path, [0.0])))
    found = []
    for rgb in (sample.rgb, full):
        height, width = rgb.shape[:2]
        middles = ((np.arange(count) + 0.5) * width / count).astype(int)
        found.append(rgb[height // 2, middles].astype(int))
    return found[0], found[1]


@pytest.mark.parametrize(
    ("size", "standard"), [((1280, 544), "709"), ((960, 720), "709"), ((720, 576), "601")]
)
def test_what_says_nothing_is_read_as_players_do(
    tmp_path: Path, size: tuple[int, int], standard: str
) -> None:
    path = patches(tmp_path / "clip.mkv", PATCHES[:3] / 255, standard, size=size)
    for found in shown(path, 3):
        np.testing.assert_allclose(found, PATCHES[:3], atol=5)


def test_rgb_needs_no_matrix(tmp_path: Path) -> None:
    picture = PATCHES[:3].astype(np.uint8).repeat(427, 0)[None, :1280].repeat(720, 0)
    path = hostile.frames_at(
        tmp_path / "rgb.mov", [0.0, 0.1], [picture] * 2, codec="qtrle", pixels="rgb24", hz=10
    )
    for found in shown(path, 3):
        np.testing.assert_allclose(found, PATCHES[:3], atol=5)


def pq(light: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084, from cd/m²."""
    power = (light / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg(light: np.ndarray) -> np.ndarray:
    """ITU-R BT.2100, of a display of 1000 cd/m²."""
    luminance = (light / 1000) @ np.array([0.2627, 0.6780, 0.0593])
    scene = light / 1000 * luminance[..., None] ** (1 / 1.2 - 1)
    log = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), log)


@pytest.mark.parametrize(("curve", "transfer"), [(pq, 16), (hlg, 18)])
def test_hdr_looks_as_the_same_light_in_sdr(tmp_path: Path, curve, transfer: int) -> None:
    light = 203 * (PATCHES / 255) ** 2.4 @ TO_2020.T
    path = patches(tmp_path / "hdr.mkv", curve(light), "2020", tags=(9, transfer, 9))
    for found in shown(path, len(PATCHES)):
        np.testing.assert_allclose(found[1:], PATCHES[1:], atol=4)
        # What is brighter than 90 cd/m² is bent down a little, its hue kept.
        ratio = (found[0] / PATCHES[0]) ** 2.4
        assert 0.85 < ratio[0] < 1 and np.ptp(ratio) < 0.12


def test_highlights_are_bent_to_white_and_not_cut_there(tmp_path: Path) -> None:
    greys = np.array([[50.0] * 3, [203.0] * 3, [500.0] * 3, [1000.0] * 3, [4000.0] * 3])
    path = patches(tmp_path / "bright.mkv", pq(greys), "2020", tags=(9, 16, 9))
    for found in shown(path, len(greys)):
        assert (np.ptp(found, axis=1) <= 3).all()
        levels = found.mean(axis=1)
        assert levels[0] == pytest.approx(255 * (50 / 203) ** (1 / 2.4), abs=3)
        assert 228 <= levels[1] <= 240 and levels[1] + 8 < levels[2] < levels[3]
        assert levels[3:].min() >= 252
