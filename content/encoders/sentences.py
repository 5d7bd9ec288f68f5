"""Words to vectors by a configured sentence-transformers model (Reimers & Gurevych 2019)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from content.encoders.choice import Device, Source
from content.encoders.encoder import loading, units
from content.encoders.sources import locate
from content.encoders.text import Span, TextEncoder, clean
from content.encoders.torch_setup import device, import_torch, inference
from content.types import F32

MARKS = 2
"""Tokens that models put around a text, at most."""


class SentenceEncoder(TextEncoder):
    """Texts of up to the model's own length, in batches."""

    batch = 16

    def __init__(self, source: Source, wanted: Device) -> None:
        located = locate("text", source, wanted)
        import_torch()
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        self.spec = located.spec
        self.device = device(wanted)
        with loading(self.spec):
            self._model = SentenceTransformer(
                str(located.folder),
                device=self.device,
                local_files_only=True,
                model_kwargs={"use_safetensors": True},
            )
        self.max_tokens = int(self._model.max_seq_length or 512) - MARKS

    def pre(self, items: Sequence[str]) -> Any:
        return [clean(text) for text in items]

    def core(self, batch: Any) -> Any:
        with inference(self.device):
            return self._model.encode(
                batch, batch_size=self.batch, convert_to_numpy=True, show_progress_bar=False
            )

    def post(self, raw: Any) -> F32:
        return units(np.asarray(raw, np.float32))

    def spans(self, text: str) -> Sequence[Span]:
        offsets: Sequence[Span] = self._model.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )["offset_mapping"]
        return offsets
