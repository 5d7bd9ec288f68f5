"""Settings that name the small models of `tests.small_models`."""

from pathlib import Path

import content
from content.encoders.choice import EncoderChoice
from workers.settings import Settings

ROOT = str(Path(content.__file__).parents[1])
"""For the `PYTHONPATH` of a child."""


def environment_of(folder: Path) -> dict[str, str]:
    """`folder`: the fixture `models_folder`."""
    return {
        "KEYART_VISUAL_ENCODER": f"open_clip:{folder / 'clip'}",
        "KEYART_AUDIO_ENCODER": f"clap:{folder / 'clap'}",
        "KEYART_TEXT_ENCODER": f"sentence-transformers:{folder / 'sentences'}",
    }


def choice_of(folder: Path) -> EncoderChoice:
    values = {key.removeprefix("KEYART_").lower(): v for key, v in environment_of(folder).items()}
    return Settings(**values).encoders  # type: ignore[arg-type]
