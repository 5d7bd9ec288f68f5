"""Encoders by configuration: the grammar, what is refused, and what a fingerprint follows."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from content.encoders import whisper
from content.encoders.choice import EMBEDDED, EncoderChoice, Role, Source, parse
from content.encoders.models import Models
from content.encoders.sources import locate
from content.encoders.specs import embedded_specs, specs
from content.encoders.torch_setup import device, import_torch
from content.errors import Invalid, PermanentError, Unavailable
from tests import small_models
from tests.configured import ROOT, choice_of, environment_of
from workers.settings import Settings

COMMIT = "0123456789abcdef0123456789abcdef01234567"


# ----- the grammar


@pytest.mark.parametrize(
    ("role", "text", "source"),
    [
        ("visual", "embedded", Source()),
        ("audio", " embedded ", Source()),
        ("visual", "open_clip:ViT-B-32@laion2b_s34b_b79k",
         Source("open_clip", "ViT-B-32", "laion2b_s34b_b79k")),
        ("visual", "open_clip:ViT-B-32@/models/a@b.pt",
         Source("open_clip", "ViT-B-32", path=Path("/models/a@b.pt"))),
        ("visual", "open_clip:/models/x", Source("open_clip", path=Path("/models/x"))),
        ("visual", f"open_clip:hf-hub:org/CLIP-1.0@{COMMIT}",
         Source("open_clip", "org/CLIP-1.0", COMMIT)),
        ("text", f"sentence-transformers:org/name@{COMMIT}",
         Source("sentence-transformers", "org/name", COMMIT)),
        ("text", "sentence-transformers:./x",
         Source("sentence-transformers", path=Path.cwd() / "x")),
        ("text", "sentence-transformers:~/x",
         Source("sentence-transformers", path=Path.home() / "x")),
        ("audio", f"clap:laion/clap-htsat-fused@{COMMIT}",
         Source("clap", "laion/clap-htsat-fused", COMMIT)),
    ],
)  # fmt: skip
def test_what_a_setting_names(role: Role, text: str, source: Source) -> None:
    assert parse(role, text) == source
    assert source.hub == (COMMIT in text)
    assert source.embedded == (source == Source())


@pytest.mark.parametrize(
    ("role", "text", "code"),
    [
        ("visual", "", "invalid_encoder"),
        ("visual", "clip", "invalid_encoder"),
        ("visual", "embedded:x", "invalid_encoder"),
        ("visual", "open_clip:", "invalid_encoder"),
        ("visual", "open_clip:ViT-B-32", "invalid_encoder"),
        ("visual", "open_clip:ViT-B-32@", "invalid_encoder"),
        ("visual", "open_clip:ViT-B-32@../x y", None),
        ("visual", "open_clip:ViT B@x", "invalid_encoder"),
        ("visual", "open_clip:org/name@main", "invalid_encoder"),
        ("visual", f"clap:org/name@{COMMIT}", "invalid_encoder"),
        ("text", f"open_clip:hf-hub:org/name@{COMMIT}", "invalid_encoder"),
        ("text", "sentence-transformers:name", "invalid_encoder"),
        ("text", "sentence-transformers:https://host/name", "invalid_encoder"),
        ("text", "sentence-transformers:org/name", "encoder_not_pinned"),
        ("text", "sentence-transformers:org/name@main", "encoder_not_pinned"),
        ("audio", f"clap:org/name@{COMMIT[:12]}", "encoder_not_pinned"),
        ("visual", "open_clip:hf-hub:org/name", "encoder_not_pinned"),
    ],
)
def test_what_no_setting_may_say(role: Role, text: str, code: str | None) -> None:
    if code is None:
        parse(role, text)
        return
    with pytest.raises(Invalid) as caught:
        parse(role, text)
    assert caught.value.code == code
    assert repr(text) in caught.value.detail


def test_settings_become_a_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Settings().encoders == EMBEDDED
    monkeypatch.setenv("KEYART_VISUAL_ENCODER", f"open_clip:{tmp_path}")
    monkeypatch.setenv("KEYART_DEVICE", "cpu")
    monkeypatch.setenv("KEYART_MODEL_CACHE", str(tmp_path))
    expected = EncoderChoice(Source("open_clip", path=tmp_path), device="cpu", cache=tmp_path)
    assert Settings().encoders == expected
    monkeypatch.setenv("KEYART_AUDIO_ENCODER", "clap:org/name@main")
    with pytest.raises(ValidationError, match="40 hex"):
        Settings()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"KEYART_VISUAL_ENCODER": "clip"}, ["KEYART_VISUAL_ENCODER", "open_clip:MODEL@"]),
        ({"KEYART_TEXT_ENCODER": "sentence-transformers:/no/such"}, ["encoder_not_found"]),
        ({"KEYART_DEVICE": "tpu"}, ["KEYART_DEVICE"]),
        ({"KEYART_TRANSCRIPT": "/no/such"}, ["transcriber_missing", "KEYART_TRANSCRIPT=/no/such"]),
    ],
)
def test_serve_and_doctor_say_what_is_wrong(
    tmp_path: Path, environment: dict[str, str], words: list[str]
) -> None:
    for verb, status in (("serve", 2), ("doctor", None)):
        done = _keyart(verb, {"KEYART_DATA": str(tmp_path), **environment})
        assert done.returncode == (status or done.returncode) != 0
        assert all(word in done.stdout + done.stderr for word in words), (verb, done)


def test_the_home_of_nobody_is_no_place() -> None:
    for text in ("open_clip:~no-such-user/clip", "open_clip:ViT-B-32@~no-such-user/clip.pt"):
        with pytest.raises(Invalid, match="invalid_encoder"):
            parse("visual", text)
    with pytest.raises(Unavailable, match="transcriber_missing"):
        whisper.locate("~no-such-user/whisper")


def test_doctor_shows_the_encoder_of_each_space(models_folder: Path) -> None:
    done = _keyart("doctor", environment_of(models_folder) | {"COLUMNS": "200"})
    shown = specs(choice_of(models_folder))
    assert "concept" not in shown
    assert all(spec.fingerprint in done.stdout for spec in shown.values())
    assert "embedded encoders: cpu" in done.stdout
    assert "adaptive (auto)" in done.stdout or "transnetv2 (auto)" in done.stdout


def test_doctor_fetches_nothing(tmp_path: Path) -> None:
    environment = {
        "KEYART_VISUAL_ENCODER": f"open_clip:hf-hub:org/clip@{COMMIT}",
        "KEYART_TEXT_ENCODER": f"sentence-transformers:org/words@{COMMIT}",
        "KEYART_TRANSCRIPT": f"org/whisper@{COMMIT}",
        "KEYART_DIFFUSION": f"org/painter@{COMMIT}",
        "HF_HOME": str(tmp_path),
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "COLUMNS": "200",
    }
    done = _keyart("doctor", environment)
    for model in ("org/clip", "org/words", "org/whisper", "org/painter"):
        assert f"{model}@{COMMIT} is not fetched yet" in done.stdout
    assert list(tmp_path.rglob("*.safetensors")) == []


# ----- files


def test_fingerprints_follow_weights_and_configuration(tmp_path: Path) -> None:
    first = small_models.clip(tmp_path / "1" / "clip", seed=1)
    same = small_models.clip(tmp_path / "2" / "clip", seed=1)
    other = small_models.clip(tmp_path / "3" / "clip", seed=2)
    prints = [
        locate("visual", parse("visual", f"open_clip:{p}")).spec for p in (first, same, other)
    ]
    assert prints[0].fingerprint == prints[1].fingerprint != prints[2].fingerprint
    config = json.loads((same / "open_clip_config.json").read_text())
    config["preprocess_cfg"]["mean"] = [0.5, 0.5, 0.5]
    (same / "open_clip_config.json").write_text(json.dumps(config))
    locate.cache_clear()
    assert locate("visual", parse("visual", f"open_clip:{same}")).spec != prints[0]


@pytest.mark.parametrize(
    ("role", "name", "setting"),
    [("visual", "clip", "open_clip:{}"), ("text", "sentences", "sentence-transformers:{}")],
)
def test_what_else_lies_in_a_folder_is_not_in_the_fingerprint(
    tmp_path: Path, models_folder: Path, role: Role, name: str, setting: str
) -> None:
    folder = tmp_path / name
    shutil.copytree(models_folder / name, folder)
    source = parse(role, setting.format(folder))
    before = locate(role, source).spec
    (folder / "training.log").touch()
    (folder / "pytorch_model.bin").touch()
    if role == "visual":
        (folder / "config.json").write_text("{}")  # of transformers, fetched by somebody else
    locate.cache_clear()
    assert locate(role, source).spec == before
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 12}')
    locate.cache_clear()
    assert locate(role, source).spec != before


def test_names_of_files_are_in_the_fingerprint(tmp_path: Path) -> None:
    files = {"open_clip_config.json": {"model_cfg": {"embed_dim": 3}}, "tokenizer.json": {}}
    folder = tmp_path / "clip"
    folder.mkdir()
    for file, content_of in files.items():
        (folder / file).write_text(json.dumps(content_of))
    (folder / "open_clip_model.safetensors").touch()
    source = parse("visual", f"open_clip:{folder}")
    before = locate("visual", source).spec
    (folder / "tokenizer.json").rename(folder / "vocab.json")
    locate.cache_clear()
    assert locate("visual", source).spec != before


def test_another_precision_is_another_fingerprint(models_folder: Path) -> None:
    choice = choice_of(models_folder)
    on_cpu, on_gpu = (specs(replace(choice, device=place)) for place in ("cpu", "cuda"))
    assert all(on_cpu[space].fingerprint != on_gpu[space].fingerprint for space in on_cpu)
    assert specs(EncoderChoice(device="cuda"))["visual"] == embedded_specs()["visual"]


@pytest.mark.parametrize("role", ["visual", "text"])
def test_style_is_stale_where_its_encoders_change(models_folder: Path, role: Role) -> None:
    choice = EncoderChoice(**{role: getattr(choice_of(models_folder), role)})
    assert specs(choice)["style"].fingerprint != embedded_specs()["style"].fingerprint


def test_conse_follows_the_text_encoder(models_folder: Path) -> None:
    choice = EncoderChoice(text=choice_of(models_folder).text)
    made, embedded = specs(choice), embedded_specs()
    assert made["concept"].dim == small_models.SENTENCE_DIM
    assert made["concept"].fingerprint != embedded["concept"].fingerprint
    assert made["visual"] == embedded["visual"]
    models = Models(choice)
    seen = models.pictures([np.zeros((9, 16, 3), np.uint8)])
    assert models.meaning(seen).shape == models.picture_words(["a dog"]).shape == (1, 48)


@pytest.mark.parametrize(
    ("role", "files", "code"),
    [
        ("visual", {}, "encoder_not_found"),
        ("visual", {"open_clip_config.json": {"model_cfg": {}}}, "encoder_not_found"),
        ("visual", {"open_clip_config.json": {"model_cfg": {}}, "open_clip_model.safetensors": 0},
         "encoder_unfit"),
        ("text", {"modules.json": [], "pytorch_model.bin": 0}, "encoder_unsafe_weights"),
        ("text", {"modules.json": [], "model.safetensors": 0, "2_Dense/pytorch_model.bin": 0},
         "encoder_unsafe_weights"),
        ("text", {"model.safetensors": 0}, "encoder_not_found"),
        ("text", {"modules.json": [], "model.safetensors": 0}, "encoder_unfit"),
        ("text", {"modules.json": [{"path": "", "type": "evil.Module"}], "model.safetensors": 0},
         "encoder_unfit"),
        ("text", {"modules.json": {"a": 1}, "model.safetensors": 0}, "encoder_unfit"),
        ("text", {"modules.json": [{"path": ""}], "model.safetensors": 0}, "encoder_unfit"),
        ("text", {"modules.json": [{"path": "1", "type": "sentence_transformers.X"}],
                  "1/config.json": {"out_features": -5}, "model.safetensors": 0}, "encoder_unfit"),
        ("text", {"modules.json": [{"path": "1", "type": "sentence_transformers.X"}],
                  "1/config.json": [384], "model.safetensors": 0}, "encoder_unfit"),
        ("visual", {"open_clip_config.json": {"model_cfg": [1]}, "open_clip_model.safetensors": 0},
         "encoder_unfit"),
        ("audio", {"config.json": [1], "model.safetensors": 0}, "encoder_unfit"),
        ("audio", {"config.json": {"model_type": "bert"}, "model.safetensors": 0}, "encoder_unfit"),
        ("audio", {"config.json": {"model_type": "clap"}}, "encoder_unsafe_weights"),
    ],
)  # fmt: skip
def test_folders_that_are_refused(
    tmp_path: Path, role: Role, files: dict[str, Any], code: str
) -> None:
    for name, body in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(body))
    library = {"visual": "open_clip", "text": "sentence-transformers", "audio": "clap"}[role]
    with pytest.raises(Invalid) as caught:
        locate(role, parse(role, f"{library}:{tmp_path}"))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ViT-B-32@/no/such.pt", "encoder_not_found"),
        ("ViT-B-32@{}/weights.pkl", "encoder_unsafe_weights"),
        ("ViT-B-32@{}/weights.npz", "encoder_unsafe_weights"),
        ("ViT-Q-32@{}/weights.pt", "encoder_not_found"),
    ],
)
def test_checkpoints_that_are_refused(tmp_path: Path, text: str, code: str) -> None:
    for suffix in ("pt", "pkl", "npz"):
        (tmp_path / f"weights.{suffix}").touch()
    with pytest.raises(Invalid, match=code):
        locate("visual", parse("visual", f"open_clip:{text.format(tmp_path)}"))


def test_a_pickle_is_never_run(tmp_path: Path, models_folder: Path) -> None:
    import pickle

    folder = tmp_path / "clip"
    folder.mkdir()
    shutil.copy(models_folder / "clip" / "open_clip_config.json", folder)
    marker = tmp_path / "ran"
    attack = {"state_dict": _Attack(str(marker))}
    (folder / "open_clip_pytorch_model.bin").write_bytes(pickle.dumps(attack))
    models = Models(EncoderChoice(visual=parse("visual", f"open_clip:{folder}")))
    with pytest.raises(PermanentError, match="encoder_unloadable"):
        models.pictures([np.zeros((9, 16, 3), np.uint8)])
    assert not marker.exists()


def test_weights_of_another_shape_are_told(tmp_path: Path) -> None:
    folder = small_models.clip(tmp_path / "clip")
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["vision_cfg"]["layers"] = 3
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    models = Models(EncoderChoice(visual=parse("visual", f"open_clip:{folder}")))
    with pytest.raises(PermanentError, match="encoder_unloadable"):
        models.pictures([np.zeros((9, 16, 3), np.uint8)])


def test_a_hub_repository_is_taken_from_its_cache_at_its_commit(
    tmp_path: Path, models_folder: Path
) -> None:

    at = tmp_path / "hub" / "models--org--name"
    shutil.copytree(models_folder / "sentences", at / "snapshots" / COMMIT)
    code = (
        "import sys\nfrom content.encoders.choice import parse\n"
        "from content.encoders.sources import locate\nfrom content.errors import Unavailable\n"
        "try:\n    found = locate('text', parse('text', sys.argv[1]))\n"
        "    print(found.folder, found.spec.fingerprint)\n"
        "except Unavailable as error:\n    print(error.code)\n"
        "assert 'torch' not in sys.modules"
    )

    def told(commit: str) -> str:
        setting = f"sentence-transformers:org/name@{commit}"
        offline = {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", code, setting],
            env={**os.environ, **offline, "PYTHONPATH": ROOT},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    folder, fingerprint = told(COMMIT).split()
    assert folder == str(at / "snapshots" / COMMIT)
    assert fingerprint.startswith(f"sentence-transformers:org/name@{COMMIT}:48:")
    assert told(COMMIT[::-1]) == "encoder_unreachable"


def test_a_device_that_is_not_there_is_refused() -> None:
    there = import_torch().cuda.is_available()
    assert device("cpu") == "cpu"
    assert device("auto") == ("cuda" if there else "cpu")
    if not there:
        with pytest.raises(Invalid, match="device_unavailable"):
            device("cuda")


# ----- parts


class _Attack:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, (self.path, "w"))


def _keyart(verb: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "api.cli", verb],
        env={**os.environ, **environment, "PYTHONPATH": ROOT},
        capture_output=True,
        text=True,
        check=False,
    )
