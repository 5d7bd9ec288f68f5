"""Sound and words in one space by a configured CLAP model (Wu et al. 2023, arXiv:2211.06687)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from content.encoders.choice import Device, Source
from content.encoders.encoder import Encoder, check_vectors, loading, units
from content.encoders.sources import locate
from content.encoders.text import clean
from content.encoders.torch_setup import device, import_torch, inference
from content.types import F32

HZ = 16_000
WINDOW_S = 10
"""What the models were trained on; shorter sound is repeated up to it by their own recipe."""


class ClapEncoder(Encoder[F32]):
    """Vectors of mono sound at 16 kHz, float32 (n,), up to 10 s each.

    It is resampled to the model's rate (48 kHz): what lies above 8 kHz was never there.
    """

    batch = 4

    def __init__(self, source: Source, wanted: Device) -> None:
        located = locate("audio", source, wanted)
        import_torch()
        from transformers import AutoTokenizer, ClapFeatureExtractor, ClapModel
        from transformers.utils import logging

        logging.disable_progress_bar()
        self.spec = located.spec
        self.device = device(wanted)
        folder = str(located.folder)
        with loading(self.spec):
            self._extract = ClapFeatureExtractor.from_pretrained(folder, local_files_only=True)
            self._tokenize = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model = ClapModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
            self._model = model.eval().to(self.device)

    def pre(self, items: Sequence[F32]) -> Any:
        """Log-mel pictures of the sounds, and whether each is longer than the window."""
        # One by one: of several short sounds the library marks a random one as long.
        parts = [self._features(samples) for samples in items]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def core(self, batch: Any) -> Any:
        torch = import_torch()
        with inference(self.device):
            given = {name: torch.from_numpy(value).to(self.device) for name, value in batch.items()}
            answer = self._model.get_audio_features(**given)
            return answer.pooler_output.float().cpu().numpy()

    def post(self, raw: Any) -> F32:
        return units(raw)

    def words(self, texts: Sequence[str]) -> F32:
        """Vectors (n, dim) of texts in the space of the sounds, unit norm."""
        if not texts:
            return np.zeros((0, self.spec.dim), np.float32)
        cleaned = [clean(text) for text in texts]
        with inference(self.device):
            tokens = self._tokenize(cleaned, padding=True, truncation=True, return_tensors="pt")
            given = {n: tokens[n].to(self.device) for n in ("input_ids", "attention_mask")}
            raw = self._model.get_text_features(**given).pooler_output.float().cpu().numpy()
        return check_vectors(units(raw), self.spec)

    def _features(self, samples: F32) -> Any:
        from scipy.signal import resample_poly

        rate = int(self._extract.sampling_rate)
        common = np.gcd(rate, HZ)
        wave = resample_poly(samples[: WINDOW_S * HZ], rate // common, HZ // common)
        made = self._extract(wave.astype(np.float32), sampling_rate=rate, return_tensors="np")
        return {
            "input_features": np.asarray(made["input_features"], np.float32),
            "is_longer": np.asarray(made["is_longer"], bool),
        }
