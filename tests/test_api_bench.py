"""`keyart bench`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app, bench
from tests.bench.__main__ import SECTIONS


def test_it_knows_the_sections_that_there_are() -> None:
    assert set(bench.SECTIONS) == set(SECTIONS)
    shown = CliRunner().invoke(app, ["bench", "--help"]).output
    assert all(name in shown for name in SECTIONS)


def test_an_unknown_section_is_refused_with_those_that_there_are() -> None:
    result = CliRunner().invoke(app, ["bench", "speed"])
    assert result.exit_code == 2 and "speed" in result.output and "shots" in result.output


def test_without_the_source_tree_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bench, "__file__", str(tmp_path / "api/cli/bench.py"))
    result = CliRunner().invoke(app, ["bench", "shots"])
    assert result.exit_code == 2 and "source" in result.output
