"""`keyart doctor`: what is installed and whether it would work."""

import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

import httpx
import typer
from rich.markup import escape

from api.cli import show
from api.cli.remote import DEFAULT_URL, Key, Refused, Remote, Url
from api.cli.serve import read_settings
from api.cli.show import AsJson
from content.encoders.choice import Device
from content.encoders.torch_setup import gpu_at_hand, planned
from content.errors import KeyartError
from workers.settings import Settings

PACKAGES = (
    "keyart",
    "numpy",
    "av",
    "torch",
    "sentence-transformers",
    "librosa",
    "opencv-python",
    "pillow",
    "c2pa-python",
    "diffusers",
    "qdrant-edge-py",
    "qdrant-client",
    "dbos",
    "sqlalchemy",
    "fastapi",
    "uvicorn",
)

NOT_YET = "is not fetched yet; `keyart serve` does it"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `fine` is None where there is nothing to judge."""

    group: str
    name: str
    value: str
    fine: bool | None = None


def doctor(*, as_json: AsJson = False, url: Url = DEFAULT_URL, key: Key = "") -> None:
    """Show what is installed, which models, the sandbox, the device, and the service's health."""
    settings = read_settings()
    findings = [*_machine(settings), *_packages(), *_models(settings), _service(url, key)]
    broken = [each for each in findings if each.fine is False]
    if as_json:
        show.print_json({"items": [asdict(each) for each in findings], "broken": len(broken)})
    else:
        _print(findings)
    # A service that is not running is no fault of the installation.
    if any(each.group != "service" for each in broken):
        raise typer.Exit(1)


def _machine(settings: Settings) -> list[Finding]:
    from content.sandbox import level

    data = settings.data.resolve()
    existing = next(path for path in (data, *data.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    enough = free >= settings.min_free_bytes
    return [
        Finding("machine", "python", f"{platform.python_version()}, {platform.machine()}"),
        Finding("machine", "cores", str(os.cpu_count())),
        _device(settings.device),
        Finding("machine", "sandbox", level()),
        Finding("machine", "data", str(data)),
        Finding("machine", "free disk", f"{free / 2**30:.1f} GiB", fine=enough),
    ]


def _device(wanted: Device) -> Finding:
    """Where configured models run; the embedded ones stay on the CPU."""
    usable = gpu_at_hand()
    gpu = "a GPU for torch" if usable else "no GPU for torch"
    if wanted == "cuda":
        return Finding("machine", "device", f"cuda wanted; {gpu}", usable)
    return Finding(
        "machine", "device", f"{planned(wanted)} ({wanted}; {gpu}); embedded encoders: cpu"
    )


def _packages() -> list[Finding]:
    return [_package(name) for name in PACKAGES]


def _package(name: str) -> Finding:
    try:
        return Finding("packages", name, version(name), fine=True)
    except PackageNotFoundError:
        return Finding("packages", name, "missing", fine=False)


def _models(settings: Settings) -> list[Finding]:
    """What makes the vectors of each space, writes down speech, finds shots, looks at pictures."""
    try:
        return [
            *_encoders(settings),
            _transcript(settings.transcript),
            _shots(settings),
            *_detectors(),
            _typefaces(),
            _generator(settings),
        ]
    except ImportError as error:
        return [Finding("models", "encoders", str(error), fine=False)]


def _encoders(settings: Settings) -> list[Finding]:
    from content.encoders.sources import fetched
    from content.encoders.specs import specs

    choice = settings.encoders
    configured = {"visual": choice.visual, "audio": choice.audio, "text": choice.text}
    waiting = [role for role, source in configured.items() if not fetched(source)]
    if waiting:  # fetching gigabytes is no business of a look
        values = settings.model_dump()
        return [
            Finding("models", role, f"{values[f'{role}_encoder']} {NOT_YET}") for role in waiting
        ]
    try:
        made = specs(choice)
    except KeyartError as error:
        return [Finding("models", "encoders", f"{error.code}: {error.detail}", fine=False)]
    return [Finding("models", space, spec.fingerprint, fine=True) for space, spec in made.items()]


def _transcript(model: str) -> Finding:
    from content.encoders import whisper

    if model == "off":
        return Finding("models", "transcript", model)
    if not whisper.fetched(model):
        return Finding("models", "transcript", f"{model} {NOT_YET}")
    try:
        whisper.locate(model)
    except KeyartError as error:
        return Finding("models", "transcript", f"{error.code}: {error.detail}", fine=False)
    return Finding("models", "transcript", model, fine=True)


def _shots(settings: Settings) -> Finding:
    from content.shots import chosen_detector

    chosen = chosen_detector(settings.shots, settings.device)
    return Finding("models", "shots", f"{chosen} ({settings.shots})", fine=True)


def _detectors() -> list[Finding]:
    """What looks at pictures of artwork: each by its weights, named or missed."""
    from content.encoders.models import Models

    models = Models()
    makers: dict[str, Callable[[], str]] = {
        "faces": lambda: models.faces.fingerprint,
        "face shape": lambda: models.face_mesh.fingerprint,
        "identity": lambda: models.identities.fingerprint,
        "unsafe": lambda: models.unsafe.fingerprint,
        "words in pictures": lambda: models.text_reader.fingerprint,
    }
    found = []
    for name, fingerprint in makers.items():
        try:
            found.append(Finding("models", name, fingerprint(), fine=True))
        except KeyartError as error:
            found.append(Finding("models", name, f"{error.code}: {error.detail}", fine=False))
    return found


def _typefaces() -> Finding:
    """What titles can be lettered in."""
    from artwork.compose import fonts

    there, known = len(fonts.installed()), len(fonts.TYPEFACES)
    return Finding("models", "typefaces", f"{there} of {known}", fine=there == known)


def _generator(settings: Settings) -> Finding:
    """What paints artwork, where something is configured to."""
    from artwork.generate import diffusion
    from content.encoders.sources import fetched

    if (chosen := settings.painter) is None:
        return Finding("models", "diffusion", "off")
    adapter = chosen.ip_adapter and chosen.ip_adapter[0]
    if not all(fetched(s) for s in (chosen.model, chosen.controlnet, adapter) if s is not None):
        return Finding("models", "diffusion", f"{settings.diffusion} {NOT_YET}")
    try:
        folder = diffusion.locate(chosen)
    except KeyartError as error:
        return Finding("models", "diffusion", f"{error.code}: {error.detail}", fine=False)
    return Finding("models", "diffusion", str(folder), fine=True)


def _service(url: str, key: str) -> Finding:
    try:
        answer = Remote(url, key).get("/readyz")
    except Refused as error:
        return Finding("service", url, error.detail, fine=False)
    except httpx.TransportError:
        return Finding("service", url, "not reachable; `keyart serve` starts it", fine=False)
    return Finding("service", url, str(answer["status"]), fine=True)


def _print(findings: list[Finding]) -> None:
    marks = {True: "[green]✓[/]", False: "[red]✗[/]", None: " "}
    rows = show.table("", "", "", "")
    rows.show_header = False
    group = ""
    for each in findings:
        head = "" if each.group == group else f"[bold]{each.group}[/]"
        group = each.group
        rows.add_row(head, marks[each.fine], escape(each.name), escape(each.value))
    # The service may run by others: it tells its own to nobody.
    show.out().print("Packages, models and device by the settings of this shell:")
    show.out().print(rows)
