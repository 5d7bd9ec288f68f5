"""Which diffusion model paints, and how: the settings, parsed into plain values."""

from dataclasses import dataclass
from typing import Any

from content.encoders.choice import Device, Source, parse_diffusers
from content.errors import Invalid


@dataclass(frozen=True, slots=True)
class DiffusionChoice:
    """Which model paints, and how: the settings, read. Touches no file."""

    model: Source
    controlnet: Source | None = None
    """For Canny edges."""
    ip_adapter: tuple[Source, str] | None = None
    """And the place of its file in there."""
    steps: int = 30
    guidance: float = 6.5
    device: Device = "auto"


def choice(
    model: str, *, controlnet: str = "", ip_adapter: str = "", **more: Any
) -> DiffusionChoice | None:
    """What the settings name; None where no model is configured.

    Raises:
        Invalid: `invalid_encoder`, `encoder_not_pinned`.
    """
    if not model:
        return None
    adapter = None
    if ip_adapter:
        where, _, place = ip_adapter.rpartition(":")
        if not where or not place.endswith(".safetensors"):
            expected = "FOLDER:FILE.safetensors or ORG/NAME@COMMIT:FILE.safetensors"
            raise Invalid("invalid_encoder", f"{ip_adapter!r} is no IP-Adapter; write {expected}")
        adapter = (parse_diffusers(where), place)
    control = parse_diffusers(controlnet) if controlnet else None
    return DiffusionChoice(parse_diffusers(model), control, adapter, **more)
