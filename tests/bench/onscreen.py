"""Words and faces in pictures, counted; part of `understanding`.

Words: PHRASES in white letters with a dark edge, on black and on a photograph, in pictures as the
service reads them (480×270). Faces: a portrait at several sizes, a clip that shows one man all the
time, and stamps on which there is nobody.
"""

from itertools import product
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from content import decode
from content.encoders.models import Models
from content.types import U8
from samples.fetch import fetch
from tests.bench.mood import wilson
from tests.photographs import PORTRAIT, SCENES, shipped

PHRASES = (
    "Where are you going?", "THE LONG ROAD", "directed by", "Three years later",
    "I never said that.", "Chapter Seven", "LAST STOP HOTEL", "Don't open the door!",
    "Paris, 1943", "Based on a true story", "EXIT", "To be continued",
)  # fmt: skip
LETTERS_PX = (8, 11, 14, 18, 24, 36)
FACES_PX = (10, 15, 20, 30, 45, 90)
HEIGHT, WIDTH = 270, 480
FACE_SHARE = 0.34
"""Of the portrait's height."""
NOBODY = ("food", "household", "plants", "symbols", "vehicles", "naturalforces", "space")
Row = dict[str, object]


def run(pictures: dict[str, list[U8]]) -> list[Row]:
    """`pictures`: RGB stamps by category."""
    models = Models()
    return [*_words(models), *_faces(models, pictures)]


def _words(models: Models) -> list[Row]:
    photograph = cv2.resize(shipped(*SCENES[0]), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    grounds = {"black": np.zeros((HEIGHT, WIDTH, 3), np.uint8), "a photograph": photograph}
    rows: list[Row] = []
    for size, (ground, picture) in product(LETTERS_PX, grounds.items()):
        right = sum(_read(models, written(picture, text, size)) == _bare(text) for text in PHRASES)
        share = size / HEIGHT
        rows.append(_row("words", f"letters {size} px ({share:.1%}) on {ground}", right, 12))
    return rows


def written(picture: U8, text: str, size: int) -> U8:
    """The picture, WIDTH wide, with a line of letters so many px high."""
    image = Image.fromarray(picture)
    font = ImageFont.load_default(size)
    at = ((WIDTH - font.getlength(text)) / 2, 0.75 * HEIGHT)
    ImageDraw.Draw(image).text(at, text, "white", font, stroke_width=1, stroke_fill="black")
    return np.array(image)


def _read(models: Models, picture: U8) -> str:
    return "".join(_bare(line.text) for line in models.text_reader.read(picture))


def _bare(text: str) -> str:
    return "".join(text.split()).casefold()


def _faces(models: Models, pictures: dict[str, list[U8]]) -> list[Row]:
    rows = [_portrait(models, size) for size in FACES_PX]
    clip = fetch(Path(".cache/samples").resolve())["carphone_pristine.mp4"]
    samples = [part.rgb for part in decode.analyse(clip) if isinstance(part, decode.Sample)]
    ones = sum(len(models.faces.detect(rgb)) == 1 for rgb in samples)
    rows.append(_row("faces", "one man, a moment each", ones, len(samples)))
    empty = [picture for name in NOBODY for picture in pictures.get(name, ())]
    told = sum(bool(models.faces.detect(picture)) for picture in empty)
    rows.append(_row("faces", "told where there is nobody (stamps)", told, len(empty)))
    return rows


def _portrait(models: Models, size: int) -> Row:
    """The portrait, mirrored or not, in four places of the photograph, its face `size` px high."""
    portrait, (ground, *_) = shipped(*PORTRAIT), [shipped(*scene) for scene in SCENES]
    ground = cv2.resize(ground, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    height = round(size / FACE_SHARE)
    small = cv2.resize(portrait, None, fx=height / portrait.shape[0], fy=height / portrait.shape[0],
                       interpolation=cv2.INTER_AREA)[: HEIGHT]  # fmt: skip
    right, width = 0, small.shape[1]
    for mirrored, place in product((False, True), range(4)):
        picture = ground.copy()
        left = round((WIDTH - width) * place / 3)
        picture[HEIGHT - len(small) :, left : left + width] = small[:, ::-1] if mirrored else small
        right += len(models.faces.detect(picture)) == 1
    return _row("faces", f"a portrait's, {size} px high ({size / HEIGHT:.0%})", right, 8)


def _row(on: str, what: str, hits: int, of: int) -> Row:
    return {"on": on, "space": what, "queries": str(of), "right": wilson(hits, of)}
