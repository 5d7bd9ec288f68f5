"""`keyart doctor`: what is installed and whether it would work."""

import os
import platform
import shutil
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import httpx
import typer
from rich.markup import escape

from api.cli import show
from api.cli.remote import DEFAULT_URL, Key, Refused, Remote, Url
from api.cli.serve import read_settings
from api.cli.show import AsJson
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
    "qdrant-edge-py",
    "qdrant-client",
    "dbos",
    "sqlalchemy",
    "fastapi",
    "uvicorn",
)


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


def _device(wanted: str) -> Finding:
    """Where configured encoders run; the embedded ones stay on the CPU."""
    found = sorted(Path("/dev").glob("nvidia[0-9]*"))
    gpu = f"{len(found)} NVIDIA GPU" if found else "no GPU"
    usable = bool(found) and not version("torch").endswith("+cpu")
    if wanted == "cuda":
        return Finding("machine", "device", f"cuda wanted; {gpu}, torch {version('torch')}", usable)
    on = "cuda" if usable and wanted == "auto" else "cpu"
    return Finding("machine", "device", f"{on} ({wanted}; {gpu}); embedded encoders: cpu")


def _packages() -> list[Finding]:
    return [_package(name) for name in PACKAGES]


def _package(name: str) -> Finding:
    try:
        return Finding("packages", name, version(name), fine=True)
    except PackageNotFoundError:
        return Finding("packages", name, "missing", fine=False)


def _models(settings: Settings) -> list[Finding]:
    """Which encoder makes the vectors of each space."""
    try:
        from content.encoders.specs import specs

        made = specs(settings.encoders)
    except ImportError as error:
        return [Finding("models", "encoders", str(error), fine=False)]
    except KeyartError as error:
        return [Finding("models", "encoders", f"{error.code}: {error.detail}", fine=False)]
    return [Finding("models", space, spec.fingerprint, fine=True) for space, spec in made.items()]


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
    show.out().print(rows)
