"""`keyart rules`: a file is checked line by line, tried on the titles, and put."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.cli.rule_files import read_rules
from tests.http_house import as_json, make_house
from tests.shelf import publish
from tests.standins import House

GOOD = """\
fallback = "title_card"
change_every_s = 86400
[countries]
deny = ["FR"]
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = make_house(tmp_path / "data")
    rng = np.random.default_rng(5)
    for title in ("bikes", "film"):
        pictures = {name: rng.random(1280).astype(np.float32) for name in "ab"}
        publish(made.engine, title, pictures, told={"a": {"maturity": "16"}})
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "rules.toml"
    made.write_text(GOOD)
    return made


@pytest.mark.parametrize(
    ("text", "line", "field", "message"),
    [
        ('\nfallbak = "none"', 2, "fallbak", "write `fallback`"),
        ("zork = 1", 1, "zork", "there are: origins"),
        ("[countries]\n\nden = []", 3, "countries.den", "write `deny`"),
        ('[countries]\ndeny = [\n "DE",\n "UK",\n]', 2, "countries.deny[1]", "write GB"),
        ('countries = {deny = ["UK"]}', 1, "countries.deny[0]", "write GB"),
        ('countries.deny = ["UK"]', 1, "countries.deny[0]", "write GB"),
        ("[cap]\nshare = 2", 2, "cap.share", "1 or less"),
        ("cap = 3", 1, "cap", "a table: [cap]"),
        ("a = 1\nb = = 2", 2, "", "not TOML"),
        ("change_every_s = 2026-12-01", 1, "change_every_s", "number"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, line: int, field: str, message: str) -> None:
    [fault] = read_rules(text)[1]
    assert (fault.line, fault.field) == (line, field) and message in fault.message


def test_every_fault_is_told_without_a_service(
    keyart: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYART_URL", "http://127.0.0.1:9")
    assert keyart("rules", "check", str(file))[0] == 0
    file.write_text('[cap]\nshare = 2\nper_day = "many"\n')
    status, _, err = keyart("rules", "check", str(file))
    assert status == 1 and "rules.toml:2" in err and "rules.toml:3" in err
    file.write_bytes(b"\xff")
    assert keyart("rules", "check", str(file))[0] == 1
    assert keyart("rules", "check", str(file.with_name("none.toml")))[0] == 2


def test_rules_are_tried_on_every_title(keyart: Any, file: Path) -> None:
    status, out, err = keyart("rules", "check", str(file), "--dry-run")
    assert status == 0, "a card stands in"
    assert "2 of 2 titles would lose" in out and "2 → 0" in out
    assert "title_card stands in" in err and "bikes, film" in err
    assert as_json(keyart("rules", "show", "--json"))["updated_at"] is None
    file.write_text(GOOD.replace("title_card", "none"))
    told = ("--audience", "country=DE", "--audience", "country=DE,maturity=13")
    assert keyart("rules", "check", str(file), "--dry-run", *told)[0] == 0
    status, out, _ = keyart(
        "rules", "check", str(file), "--dry-run", "--audience", "country=FR", "--json"
    )
    assert status == 1 and '"lost"' in out
    status, _, err = keyart("rules", "check", str(file), "--dry-run", "--audience", "zork=1")
    assert status == 2 and "country=…" in err


def test_rules_are_put_from_a_file(keyart: Any, file: Path) -> None:
    kept = as_json(keyart("rules", "apply", str(file), "--json"))
    assert kept["countries"] == {"allow": None, "deny": ["FR"]} and kept["updated_at"]
    assert as_json(keyart("rules", "show", "--json")) == kept
    file.write_text("zork = 1")
    assert keyart("rules", "apply", str(file))[0] == 1
    assert as_json(keyart("rules", "show", "--json")) == kept


def test_a_title_s_policy_comes_from_a_file_and_options_leave_its_limits(
    keyart: Any, tmp_path: Path
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(
        "until = 2026-12-24T23:00:00Z\n[pictures.g1]\ncap.per_day = 100\ncountries.allow = ['DE']"
    )
    kept = as_json(keyart("policy", "film", "--file", str(file), "--json"))
    assert kept["until"] == "2026-12-24T23:00:00.000000Z"
    assert kept["pictures"]["g1"]["cap"]["per_day"] == 100
    changed = as_json(keyart("policy", "film", "--pin", "g1", "--json"))
    assert changed == {**kept, "pin": "g1"}
    file.write_text("zork")
    assert keyart("policy", "film", "--file", str(file))[0] == 2
