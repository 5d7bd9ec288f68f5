"""Settings: every knob of the service, from `KEYART_…` environment variables."""

import hashlib
import ipaddress
import os
import tempfile
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from artwork.choice.record import horizons
from artwork.generate.choice import DiffusionChoice
from artwork.generate.choice import choice as diffusion_choice
from content.encoders.choice import Device, EncoderChoice, Role, default_cache, parse
from content.errors import Invalid
from workers import keys

MAX_SOCKET_PATH = 100
CLIENT_VARIABLES = ("KEYART_URL", "KEYART_API_KEY")
"""Read by the command line alone; the service's shell may have them, too."""
OriginName = Literal["frame", "composed", "generated", "uploaded"]
"""`content.types.Origin` (a test compares), without loading numpy."""
NEAR = 0.8
"""Ratio of difflib from which a name may be a slip of another: half of each is `KEYART_`."""


class Settings(BaseSettings):
    """Read once at start; passed down, never looked up again."""

    model_config = SettingsConfigDict(env_prefix="KEYART_", frozen=True, extra="ignore")

    data: Path = Field(Path("./data"), description="Folder that holds everything kept.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    api_keys: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Comma-separated keys, each `KEY` or `ROLE:KEY` (viewer, editor, admin: the "
        "default); needed to listen on anything but loopback.",
    )
    unknown_parameters: Literal["refuse", "ignore"] = Field(
        "refuse", description="What becomes of names in a query that a route does not know."
    )
    media_roots: Annotated[tuple[Path, ...], NoDecode] = Field(
        (), description="Folders (separated by ':') from which `media` paths may be taken."
    )
    max_upload_bytes: int = Field(20 * 2**30, gt=0, description="Cap of one uploaded file.")
    min_free_bytes: int = Field(2**30, ge=0, description="Below this much free disk: 507.")
    image_cache_bytes: int = Field(
        5 * 2**30, gt=0, description="What encoded images may take; longest unused go first."
    )
    max_queued_jobs: int = Field(10_000, gt=0, description="Above this many queued jobs: 429.")
    concurrency: int = Field(
        1,
        ge=1,
        le=64,
        description="Films understood at once; titles of words alone are taken beside them.",
    )
    job_timeout_s: float = Field(
        6 * 3600.0, gt=0, description="Wall clock that one stage of a job may take."
    )
    database_url: str | None = Field(
        None, description="Records and ledger, `postgresql+psycopg://…`; else SQLite."
    )
    jobs_url: str | None = Field(
        None, description="The job engine's, `postgresql+psycopg://…`; else SQLite."
    )
    qdrant_url: str | None = Field(None, description="A Qdrant server instead of the embedded one.")
    qdrant_api_key: str | None = Field(None, description="Its API key.")
    qdrant_ca: Path | None = Field(
        None, description="Certificates (PEM) to trust for an `https` one, else the system's."
    )
    qdrant_prefer_grpc: bool = Field(default=False, description="Speak gRPC to it (port 6334).")
    qdrant_shards: int | None = Field(
        None, ge=1, description="Shards of each generation; else one for each node."
    )
    qdrant_replicas: int | None = Field(None, ge=1, description="Copies of each shard; else 1.")
    qdrant_write_consistency: int | None = Field(
        None, ge=1, description="Copies that must have a write before it counts; else 1."
    )
    qdrant_quantization: Literal["int8", "none"] = Field(
        "int8", description="How its vectors are searched; what is found is scored exactly."
    )
    shots: Literal["auto", "adaptive", "transnetv2"] = Field(
        "auto",
        description="How shots are found; `auto`: `transnetv2` on a GPU, else `adaptive`, which "
        "found more in our bench.",
    )
    log_level: Literal["debug", "info", "warning"] = Field(
        "info", description="`debug` logs every request; `info` only those refused or slow."
    )
    sync: Literal["normal", "full"] = Field(
        "normal", description="`normal` survives kill -9, `full` a power cut too (SQLite)."
    )
    episode_s: float = Field(
        3600.0, gt=0, description="How long a viewer keeps a title's picture, in seconds."
    )
    explore_floor: float = Field(
        0.01, ge=0, le=1, description="Probability shared evenly by all pictures on offer."
    )
    holdout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Share of the known viewers who are always shown the incumbent, as a control.",
    )
    guardrail_margin: float = Field(
        0.0,
        ge=0,
        le=1,
        description="How far below the control's the reward per decision may be.",
    )
    rewards: Path | None = Field(
        None, description="TOML file that says what events are worth; else as in docs/choice.md."
    )
    consent_default: bool = Field(
        default=True, description="What a request that names a user and no `consent` means."
    )
    retention: str = Field(
        "",
        description="Days that rows are kept, `decisions=400d,impressions=90d,watch_events=730d`; "
        "a table that is not named: for ever.",
    )
    half_life_days: float | None = Field(
        None, ge=1, le=36_500, description="After so many days what was learned counts half."
    )
    taste_refit_h: float = Field(
        24.0,
        ge=0,
        description="So many hours after somebody was forgotten the taste space is fitted anew; "
        "0: only when asked for.",
    )
    keep_generation_h: float = Field(
        72.0,
        ge=0,
        description="So many hours after a reindex it can be rolled back: the generation before "
        "is kept, and kept up; 0: not at all.",
    )
    keep_readings: bool = Field(
        default=True,
        description="Keep what was read of each film, about 5 kB a picture: what another encoder "
        "of words makes of it needs no film then.",
    )
    golden: Path | None = Field(
        None, description="Queries that must not get worse; else `golden.ndjson` of KEYART_DATA."
    )
    golden_margin: float = Field(
        0.02, ge=0, le=1, description="How much less they may find after a reindex."
    )
    reindex_loss: float = Field(
        0.01, ge=0, le=1, description="Share of titles that a reindex may leave without a vector."
    )
    reindex_pace: float = Field(
        0.5, gt=0, le=1, description="Share of the time that a reindex works; 1: no rest."
    )
    origins: Annotated[tuple[OriginName, ...], NoDecode] = Field(
        get_args(OriginName),
        description="Comma-separated origins of pictures that may be shown at all: `frame`, "
        "`composed`, `generated`, `uploaded`.",
    )
    generated_share: float = Field(
        0.2, ge=0, le=1, description="Most of a title's impressions that generated pictures have."
    )
    artwork_spoilers: bool = Field(
        default=False, description="May artwork be taken from a film's last tenth?"
    )
    visual_encoder: str = Field("embedded", description="Of pictures; see docs/models.md.")
    audio_encoder: str = Field("embedded", description="Of sound; see docs/models.md.")
    text_encoder: str = Field("embedded", description="Of words; see docs/models.md.")
    device: Device = Field(
        "auto",
        description="Of configured encoders, TransNet V2 and a configured Whisper: `cpu`, `cuda`, "
        "or `auto`, a GPU if there is one.",
    )
    model_cache: Path = Field(
        default_factory=default_cache, description="Folder for embedded models exported to ONNX."
    )

    diffusion: str = Field(
        "", description="Model that generates artwork: FOLDER or ORG/NAME@COMMIT; empty: none."
    )
    diffusion_controlnet: str = Field(
        "", description="ControlNet for Canny edges that it keeps to: FOLDER or ORG/NAME@COMMIT."
    )
    diffusion_ip_adapter: str = Field(
        "",
        description="IP-Adapter by which it sees the frame: FOLDER:FILE.safetensors or "
        "ORG/NAME@COMMIT:FILE.safetensors.",
    )
    diffusion_steps: int = Field(30, ge=1, le=1000, description="Steps of its noise schedule.")
    diffusion_guidance: float = Field(
        6.5, ge=0, le=50, description="How closely it keeps to the prompt (classifier-free)."
    )
    c2pa_cert: Path | None = Field(
        None, description="Certificates to sign pictures with, PEM, leaf first; else its own."
    )
    c2pa_key: Path | None = Field(None, description="Private key of the first of them, PEM.")

    transcript: str = Field(
        "tiny",
        pattern=r"^(off|tiny|(/|\./|\.\./|~).*|[\w.-]+/[\w.-]+@[0-9a-f]{40})$",
        description="What is said: `off`, `tiny` (English only), or another Whisper model for "
        "faster-whisper: its FOLDER or ORG/NAME@COMMIT of the hub.",
    )

    @field_validator("api_keys", "origins", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(key.strip() for key in value.split(",") if key.strip())
        return value

    @field_validator("api_keys")
    @classmethod
    def _check_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for key in value:
            keys.parsed(key)
        return value

    @field_validator("media_roots", mode="before")
    @classmethod
    def _split_roots(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(Path(part) for part in value.split(":") if part)
        return value

    @field_validator("half_life_days", mode="before")
    @classmethod
    def _never(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("visual_encoder", "audio_encoder", "text_encoder")
    @classmethod
    def _check_encoder(cls, value: str, info: ValidationInfo) -> str:
        try:
            parse(_role(info.field_name), value)
        except Invalid as error:
            raise ValueError(error.detail) from error
        return value

    @field_validator("retention")
    @classmethod
    def _check_retention(cls, value: str) -> str:
        try:
            horizons.parse(value)
        except Invalid as error:
            raise ValueError(error.detail) from error
        return value

    @model_validator(mode="after")
    def _check_diffusion(self) -> Self:
        try:
            self.painter  # noqa: B018
        except Invalid as error:
            raise ValueError(error.detail) from error
        return self

    @property
    def painter(self) -> DiffusionChoice | None:
        """What generates artwork; None when nothing does."""
        return diffusion_choice(
            self.diffusion,
            controlnet=self.diffusion_controlnet,
            ip_adapter=self.diffusion_ip_adapter,
            steps=self.diffusion_steps,
            guidance=self.diffusion_guidance,
            device=self.device,
        )

    @property
    def horizons(self) -> horizons.Horizons:
        return horizons.parse(self.retention)

    @property
    def encoders(self) -> EncoderChoice:
        return EncoderChoice(
            visual=parse("visual", self.visual_encoder),
            audio=parse("audio", self.audio_encoder),
            text=parse("text", self.text_encoder),
            device=self.device,
            cache=self.model_cache,
        )

    @property
    def records_url(self) -> str:
        return self.database_url or f"sqlite:///{(self.data / 'state.db').resolve()}"

    @property
    def jobs_database_url(self) -> str:
        return self.jobs_url or f"sqlite:///{(self.data / 'jobs.db').resolve()}"

    @property
    def index_socket(self) -> Path:
        path = self.data.resolve() / "run" / "index.sock"
        if len(str(path).encode()) <= MAX_SOCKET_PATH:
            return path
        # The kernel's limit: a deep data folder gets a short name elsewhere, its own for each.
        digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"keyart-{os.getuid()}-{digest}" / "index.sock"

    @property
    def work(self) -> Path:
        return self.data.resolve() / "work"

    @property
    def uploads(self) -> Path:
        return self.data.resolve() / "uploads"

    @property
    def image_folder(self) -> Path:
        return self.data.resolve() / "images"

    @property
    def index_folder(self) -> Path:
        return self.data.resolve() / "index"

    @property
    def taste_folder(self) -> Path:
        return self.data.resolve() / "taste"

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for the processes of the service."""
        values = {name: str(value) for name, value in self if value is not None}
        values["api_keys"] = ",".join(self.api_keys)
        values["origins"] = ",".join(self.origins)
        values["media_roots"] = ":".join(str(root) for root in self.media_roots)
        return {f"KEYART_{name.upper()}": value for name, value in values.items()}


def _role(field: str | None) -> Role:
    roles: dict[str, Role] = {f"{role}_encoder": role for role in get_args(Role)}
    return roles[field or ""]


def unknown_names(names: Iterable[str]) -> dict[str, str | None]:
    """Those `KEYART_…` variables that nothing reads, with the known name each may stand for."""
    known = [*(f"KEYART_{name.upper()}" for name in Settings.model_fields), *CLIENT_VARIABLES]
    looks = (name for name in names if name.upper().startswith("KEYART_"))  # case does not count
    unknown = sorted(name for name in looks if name.upper() not in known)
    near = {name: get_close_matches(name.upper(), known, 1, NEAR) for name in unknown}
    return {name: next(iter(found), None) for name, found in near.items()}


def check_exposure(settings: Settings) -> str | None:
    """Why these settings may not be listened with, or None when they may."""
    try:
        loopback = ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        loopback = settings.host == "localhost"
    if loopback or settings.api_keys:
        return None
    return f"listening on {settings.host} needs KEYART_API_KEYS; without keys only 127.0.0.1 may"
