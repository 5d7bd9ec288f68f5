"""Pictures and words in one space by a configured open_clip model (Radford et al. 2021)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from content.encoders.choice import Device, Source
from content.encoders.encoder import Encoder, check_vectors, loading, units
from content.encoders.sources import locate
from content.encoders.text import clean
from content.encoders.torch_setup import device, import_torch, inference
from content.types import F32, U8


class ClipEncoder(Encoder[U8]):
    """Vectors of RGB pictures (H, W, 3), 0..255, prepared as the model's own configuration says:
    most models see the middle square of a wide frame only."""

    batch = 16

    def __init__(self, source: Source, wanted: Device) -> None:
        located = locate("visual", source, wanted)
        import_torch()
        import open_clip
        from open_clip.transform import PreprocessCfg, image_transform_v2

        self.spec = located.spec
        self.device = device(wanted)
        name, pretrained = (
            (f"local-dir:{located.folder}", None)
            if located.folder is not None
            else (source.model, str(located.weights[0]))
        )
        with loading(self.spec):
            self._model = open_clip.create_model(
                name, pretrained, device=self.device, require_pretrained=True
            ).eval()
            settings = PreprocessCfg(**self._model.visual.preprocess_cfg)
            self._prepare = image_transform_v2(settings, is_train=False)
            self._tokenize = open_clip.get_tokenizer(name)

    def pre(self, items: Sequence[U8]) -> F32:
        """(n, 3, side, side), normalised."""
        from PIL import Image

        return np.stack([self._prepare(Image.fromarray(frame)).numpy() for frame in items])

    def core(self, batch: F32) -> Any:
        torch = import_torch()
        with inference(self.device):
            pixels = torch.from_numpy(batch).to(self.device)
            return self._model.encode_image(pixels).float().cpu().numpy()

    def post(self, raw: Any) -> F32:
        return units(raw)

    def words(self, texts: Sequence[str]) -> F32:
        """Vectors (n, dim) of texts in the space of the pictures, unit norm."""
        if not texts:
            return np.zeros((0, self.spec.dim), np.float32)
        with inference(self.device):
            tokens = self._tokenize([clean(text) for text in texts]).to(self.device)
            raw = self._model.encode_text(tokens).float().cpu().numpy()
        return check_vectors(units(raw), self.spec)
