"""Diffusion models by diffusers: a frame painted anew, or extended beyond its edges.

The only file that imports diffusers. Models come from a folder or a pinned commit of the hub, as
safetensors; no code of theirs is run. The safety checker that some bring is left out: every picture
passes the same gates as all others afterwards.
"""

import inspect
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from artwork.generate.choice import DiffusionChoice
from content.encoders.choice import Source
from content.encoders.sources import digest_of, weights_folder
from content.encoders.torch_setup import PRECISION, device, import_torch
from content.errors import Invalid
from content.types import F32, U8

PARTS = [
    *("model_index.json", "*/*.json", "*/*.txt", "*/*.model"),
    *("*/model.safetensors", "*/model-*.safetensors"),
    *("*/diffusion_pytorch_model.safetensors", "*/diffusion_pytorch_model-*.safetensors"),
]
CONTROL_PARTS = ["config.json", "diffusion_pytorch_model.safetensors"]
MULTIPLE_PX = 8
"""Of the sides of a picture: the autoencoders reduce eightfold."""
AREA = 1.5
"""Of the picture over that of the squares which the model was trained on."""
EDGES = (100, 200)
"""Thresholds of Canny's hysteresis, as the ControlNets for edges were trained."""
CONTROL, REFERENCE = 0.6, 0.5
"""Weights of a ControlNet's edges and of an IP-Adapter's picture."""
FEATHER = 1 / 16
"""Of an extension's kept side: where the painted passes over into the frame."""


def locate(chosen: DiffusionChoice) -> Path:
    """The folder of the model, all files of the choice at hand: fetched, if they are the hub's.

    Raises:
        Invalid, Unavailable: as `content.encoders.sources.weights_folder`.
    """
    folder = weights_folder(chosen.model, PARTS)
    if not (folder / "model_index.json").is_file():
        raise Invalid("encoder_unfit", f"{folder} holds no pipeline: no model_index.json")
    if chosen.controlnet is not None:
        weights_folder(chosen.controlnet, CONTROL_PARTS)
    if chosen.ip_adapter is not None:
        _adapter(*chosen.ip_adapter)
    return folder


class Painter:
    """One model, loaded at first use and kept. Not for use by two threads at once."""

    def __init__(self, chosen: DiffusionChoice) -> None:
        self._chosen = chosen

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Which model it is, JSON-ready: name, revision, SHA-256 of its files, settings."""
        chosen, folder = self._chosen, locate(self._chosen)
        told: dict[str, Any] = {
            "model": chosen.model.model or folder.name,
            "revision": chosen.model.revision or "local",
            "model_sha256": digest_of(folder, PARTS),
            "steps": chosen.steps,
            "guidance": chosen.guidance,
        }
        if chosen.controlnet is not None:
            place = weights_folder(chosen.controlnet, CONTROL_PARTS)
            told["controlnet_sha256"] = digest_of(place, CONTROL_PARTS)
        if chosen.ip_adapter is not None:
            place, patterns = _adapter(*chosen.ip_adapter)
            told["ip_adapter_sha256"] = digest_of(place, patterns)
        return told

    def redraw(self, rgb: U8, *, prompt: str, negative: str, strength: float, seed: int) -> U8:
        """`rgb` (H, W, 3) painted anew at the model's own size, in nearly the same shape."""
        frame = Image.fromarray(rgb)
        frame = frame.resize(self._size(*frame.size), Image.Resampling.LANCZOS)
        asked: dict[str, Any] = {
            "prompt": prompt,
            "negative_prompt": negative,
            "image": frame,
            "strength": strength,
        }
        if self._chosen.controlnet is not None:
            asked["control_image"] = _edges(np.asarray(frame))
        return self._run(self._redrawing, frame, seed, asked)

    def extend(self, rgb: U8, ratio: float, *, prompt: str, negative: str, seed: int) -> U8:
        """`rgb` (H, W, 3) whole in its width, the canvas extended to `ratio` (width / height).

        The frame's own pixels stay, but for a seam of `FEATHER`.

        Raises:
            Invalid: `invalid_brief`: the frame is as high already.
        """
        height, width = rgb.shape[:2]
        if height * ratio >= width:
            raise Invalid("invalid_brief", "the frame is as high already: nothing to extend")
        size = self._size(width, round(width / ratio))
        inner = round(height * size[0] / width)
        frame = cv2.resize(rgb, (size[0], inner), interpolation=cv2.INTER_AREA)
        above = (size[1] - inner) // 2
        canvas = _reflected(np.asarray(frame, np.uint8), above, size[1] - inner - above)
        kept = _kept(size, above, inner)
        mask = Image.fromarray(((kept < 1.0) * 255).astype(np.uint8))
        asked = {
            "prompt": prompt,
            "negative_prompt": negative,
            "image": Image.fromarray(canvas),
            "mask_image": mask,
            "width": size[0],
            "height": size[1],
            "strength": 1.0,
        }
        painted = self._run(self._painting, Image.fromarray(frame), seed, asked)
        share = kept[..., None]
        return np.rint(share * canvas + (1 - share) * painted).astype(np.uint8)

    def _run(
        self, pipeline: Any, reference: Image.Image, seed: int, asked: Mapping[str, Any]
    ) -> U8:
        torch = import_torch()
        chosen = self._chosen
        wanted: dict[str, Any] = {
            "num_inference_steps": chosen.steps,
            "guidance_scale": chosen.guidance,
            # On the CPU whatever paints, so that a seed means the same noise everywhere.
            "generator": torch.Generator("cpu").manual_seed(seed),
            "controlnet_conditioning_scale": CONTROL,
            **asked,
        }
        if chosen.ip_adapter is not None:
            wanted["ip_adapter_image"] = reference
        # Some pipelines guide without a negative prompt.
        known = inspect.signature(pipeline.__call__).parameters
        with torch.inference_mode():
            answer = pipeline(**{name: v for name, v in wanted.items() if name in known})
        return np.array(answer.images[0].convert("RGB"))

    @cached_property
    def _redrawing(self) -> Any:
        torch = import_torch()
        diffusers = _diffusers()
        chosen, folder = self._chosen, locate(self._chosen)
        place = device(chosen.device)
        how: dict[str, Any] = {
            "dtype": getattr(torch, PRECISION[place]),
            "use_safetensors": True,
            "local_files_only": True,
            "low_cpu_mem_usage": False,
        }
        try:
            if chosen.controlnet is not None:
                net = weights_folder(chosen.controlnet, CONTROL_PARTS)
                how["controlnet"] = diffusers.ControlNetModel.from_pretrained(net, **how)
            pipeline = diffusers.AutoPipelineForImage2Image.from_pretrained(
                folder, **how, **_unchecked(folder)
            )
            if chosen.ip_adapter is not None:
                _load_adapter(pipeline, *chosen.ip_adapter)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise Invalid("encoder_unloadable", f"{folder}: {error}") from error
        pipeline.set_progress_bar_config(disable=True)
        return pipeline.to(place)

    @cached_property
    def _painting(self) -> Any:
        """The same parts as those that redraw, filling in a mask; edges would hold it back."""
        pipeline = _diffusers().AutoPipelineForInpainting.from_pipe(
            self._redrawing, **({"controlnet": None} if self._chosen.controlnet else {})
        )
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def _size(self, width: int, height: int) -> tuple[int, int]:
        """Sides in px of a picture of this shape that the model paints well; never enlarged."""
        pipeline = self._redrawing
        inner = getattr(pipeline, "unet", None) or pipeline.transformer
        side = inner.config.sample_size * pipeline.vae_scale_factor
        scale = min(1.0, (AREA * side**2 / (width * height)) ** 0.5)
        sides = (max(1, round(one * scale / MULTIPLE_PX)) * MULTIPLE_PX for one in (width, height))
        return next(sides), next(sides)


def _diffusers() -> Any:
    import_torch()
    import diffusers
    from diffusers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    return diffusers


def _unchecked(folder: Path) -> dict[str, Any]:
    names = (folder / "model_index.json").read_text()
    return {"safety_checker": None} if "safety_checker" in names else {}


def _adapter(source: Source, place: str) -> tuple[Path, list[str]]:
    """Its folder, and the files of it that are used."""
    patterns = [place, f"{Path(place).parent.as_posix()}/image_encoder/*".removeprefix("./")]
    folder = weights_folder(source, patterns)
    if not (folder / place).is_file():
        raise Invalid("encoder_not_found", f"no encoder at {folder / place}: no such file")
    return folder, patterns


def _load_adapter(pipeline: Any, source: Source, place: str) -> None:
    folder, _ = _adapter(source, place)
    file = folder / place
    pipeline.load_ip_adapter(
        str(folder),
        subfolder=file.parent.relative_to(folder).as_posix(),
        weight_name=file.name,
        local_files_only=True,
        low_cpu_mem_usage=False,
    )
    pipeline.set_ip_adapter_scale(REFERENCE)


def _edges(rgb: U8) -> Image.Image:
    edges = cv2.Canny(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), *EDGES)
    return Image.fromarray(np.repeat(edges[..., None], 3, axis=2))


def _reflected(rgb: U8, above: int, below: int) -> U8:
    """`rgb` with so many rows above and below, mirrored and blurred: what a model starts from."""
    height = rgb.shape[0]
    rows = np.arange(-above, height + below) % (2 * height)
    canvas = rgb[np.where(rows < height, rows, 2 * height - 1 - rows)]
    soft = cv2.GaussianBlur(canvas, (0, 0), max(1.0, height / 24))
    soft[above : above + height] = rgb
    return np.asarray(soft, dtype=np.uint8)


def _kept(size: tuple[int, int], above: int, inner: int) -> F32:
    """(height, width): 1 where the frame stays, 0 where all is painted, rising between."""
    rows = np.arange(size[1], dtype=np.float32)
    inside = np.minimum(rows - above, above + inner - 1 - rows)
    rise = np.clip((inside + 1) / max(1.0, FEATHER * inner), 0.0, 1.0)
    return np.repeat(rise[:, None], size[0], axis=1).astype(np.float32)
