"""The commands of review: verdicts, policies, uploads, and the board."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from api.cli import review
from api.cli.board_sheet import LARGE, MARGIN, TOP
from artwork.rules.guardrails import ORIGINS
from tests import bad_pictures as bad
from tests.http_house import as_json, make_house
from tests.standins import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path / "data")


def test_verdicts(keyart: Any, house: House) -> None:
    assert as_json(keyart("veto", "v1", "--json"))["verdict"] == "veto"
    status, out, _ = keyart("approve", "v1")
    assert status == 0 and "approve" in out and "g1" in out
    assert house.review.verdicts == {"g1": "approve"}
    status, out, err = keyart("veto", "v2")
    assert (status, out) == (1, "") and err.startswith("variant_not_found ")


def test_a_policy_is_changed_where_it_is_named_and_else_left(keyart: Any, house: House) -> None:
    assert as_json(keyart("policy", "film", "--json"))["pin"] is None
    assert house.review.policies == {}, "looking changes nothing"
    keyart("policy", "film", "--pin", "g1", "--incumbent", "g1", "--review")
    kept = as_json(
        keyart("policy", "film", "--origin", "frame", "--generated-share", "0", "--json")
    )
    assert (kept["pin"], kept["review_required"]) == ("g1", True)
    assert kept["incumbent"] == "g1"
    assert (kept["origins"], kept["generated_share"]) == (["frame"], 0.0)
    kept = as_json(
        keyart("policy", "film", "--pin", "none", "--no-review", "--veto", "g2", "--json")
    )
    assert (kept["pin"], kept["review_required"], kept["veto"]) == (None, False, ["g2"])
    assert as_json(keyart("policy", "film", "--veto", "none", "--json"))["veto"] == []
    kept = as_json(keyart("policy", "film", "--origin", "all", "--json"))
    assert kept["origins"] == list(ORIGINS)
    kept = as_json(keyart("policy", "film", "--generated-share", "none", "--json"))
    assert kept["generated_share"] is None
    assert keyart("policy", "film", "--generated-share", "much")[0] == 2
    assert keyart("policy", "film", "--origin", "zork")[2].startswith("invalid_request ")
    assert keyart("policy", "film", "--pin", "g9")[2].startswith("variant_not_found ")


def test_the_command_knows_the_origins_that_the_service_knows() -> None:
    assert tuple(review.ORIGINS) == ORIGINS


def test_an_upload_says_what_became_of_it(keyart: Any, house: House, tmp_path: Path) -> None:
    file = str(bad.misnamed(tmp_path))
    status, out, _ = keyart("upload-art", "film", file, "--language", "pt-BR", "--note", "poster")
    assert status == 0 and "v1" in out and "16:9" in out
    assert house.uploads.taken[0][2:] == ("pt-BR", "poster")
    house.uploads.outcome = {
        "groups": [],
        "refused": [{"reason": "blurred", "detail": "too soft"}],
    }
    status, out, err = keyart("upload-art", "film", file)
    assert status == 1 and "v1" not in out and "blurred too soft" in err
    status, _, err = keyart("upload-art", "film", str(bad.svg(tmp_path)))
    assert status == 1 and err.startswith("image_format_refused ")


def test_the_board_shows_pictures_verdicts_and_refusals(
    keyart: Any, house: House, tmp_path: Path
) -> None:
    stored = house.images.put(np.asarray(bad.picture().resize((640, 360))))
    house.master = stored.sha256
    boards = {}
    for name in ("none", "veto", "approve"):
        if name != "none":
            keyart(name, "v1")
        path = tmp_path / f"{name}.png"
        status, out, _ = keyart("board", "film", "--png", str(path))
        assert status == 0 and str(path) in out
        with Image.open(path) as board:
            boards[name] = np.asarray(board.convert("RGB")).astype(int)
    assert boards["none"].shape[1] == 1600
    middle = TOP + LARGE[1] // 2
    assert np.abs(boards["none"][middle - 60, MARGIN + 60] - bad.RED).max() < 12
    edge = (middle, MARGIN + 1)
    assert boards["veto"][edge].argmax() == 0 and boards["approve"][edge].argmax() == 1
    below = boards["none"][TOP + LARGE[1] + 44 :]
    assert (below.max(axis=2) > 200).any(), "what was refused is told"


def test_a_board_needs_a_title_and_a_folder(keyart: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "b.png")
    assert keyart("board", "zork", "--png", path)[2].startswith("title_not_found ")
    assert keyart("board", "film", "--png", str(tmp_path / "no" / "b.png"))[0] == 2
    assert keyart("board", "film", "--png", str(tmp_path))[0] == 2
