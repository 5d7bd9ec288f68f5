"""What must hold of the project as a whole."""

from importlib import metadata
from pathlib import Path

import pytest

from workers.settings import Settings, check_exposure, unknown_names

ROOT = Path(__file__).parent.parent
ROOMS = ("content", "artwork", "indexes", "workers", "api")


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_is_keyarts_alone(room: str) -> None:
    assert set(metadata.packages_distributions()[room]) == {"keyart"}


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`KEYART_{name.upper()}`" in (ROOT / "docs/settings.md").read_text()


def test_settings_travel_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Settings(
        data=Path("/x/y"), api_keys=("a", "b"), media_roots=(Path("/m"), Path("/n")), port=0
    )
    for name, value in first.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == first


def test_a_variable_that_nothing_reads_is_found_with_its_nearest() -> None:
    names = ["KEYART_TRANSCRIPTS", "KEYART_QQ", "keyart_host", "KEYART_URL", "KEYART_API_KEY", "X"]
    assert unknown_names(names) == {"KEYART_QQ": None, "KEYART_TRANSCRIPTS": "KEYART_TRANSCRIPT"}
    assert unknown_names(Settings(data=Path("/x")).environment()) == {}


def test_a_deep_data_folder_gets_a_short_socket() -> None:
    deep = Settings(data=Path("/") / "/".join(["a-long-folder-name"] * 12))
    assert len(str(deep.index_socket)) < 100
    other = Settings(data=Path("/") / "/".join(["b-long-folder-name"] * 12))
    assert other.index_socket != deep.index_socket


@pytest.mark.parametrize(
    ("host", "keys", "refused"),
    [
        ("127.0.0.1", (), False),
        ("::1", (), False),
        ("localhost", (), False),
        ("0.0.0.0", (), True),
        ("::", (), True),
        ("example.org", (), True),
        ("0.0.0.0", ("secret",), False),
    ],
)
def test_only_loopback_needs_no_keys(host: str, keys: tuple[str, ...], refused: bool) -> None:
    assert (check_exposure(Settings(host=host, api_keys=keys)) is not None) == refused


def test_every_version_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text().split()
    assert all("==" in line and "+" not in line for line in lines)


@pytest.mark.parametrize("model", ["off", "tiny", "/models/x", "~/x", f"some/model@{'0a' * 20}"])
def test_a_transcriber_is_packaged_local_or_pinned(model: str) -> None:
    assert Settings(transcript=model).transcript == model


@pytest.mark.parametrize("model", ["", "large-v3", "some/model", "some/model@main"])
def test_no_other_transcriber_is_taken(model: str) -> None:
    with pytest.raises(ValueError, match="transcript"):
        Settings(transcript=model)
