"""Taking in media by path: what is no readable file is refused by name, not by a fault."""

import socket
from pathlib import Path

import pytest

from content.errors import Invalid
from workers.intake import _identity


def test_a_socket_is_no_media(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        with pytest.raises(Invalid, match="media_not_a_file"):
            _identity(path, owned=False)


def test_a_file_that_goes_away_meanwhile_is_no_media(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="media_not_a_file"):
        _identity(tmp_path / "gone.mp4", owned=False)
