"""`keyart serve`."""

import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from api.cli import show
from content.wording import worded
from workers.settings import Settings, unknown_names


def _about(name: str) -> str:
    """A setting's description, its variable and its default."""
    setting = Settings.model_fields[name]
    return f"{setting.description} Default: KEYART_{name.upper()} or {setting.default}."


def serve(
    host: Annotated[str | None, typer.Option(help=_about("host"))] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help=_about("port"))] = None,
    data: Annotated[Path | None, typer.Option(help=_about("data"))] = None,
) -> None:
    """Run the service until SIGTERM or Ctrl-C. Settings come from KEYART_… variables."""
    from workers import supervisor

    given = {"host": host, "port": port, "data": data}
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = read_settings()
    _warn_of_unknown()
    raise typer.Exit(supervisor.run(settings.model_copy(update=chosen)))


def _warn_of_unknown() -> None:
    """One line on variables that look like settings and are none: a typo is otherwise silent."""
    found = unknown_names(os.environ)
    told = [f"{name} (did you mean {near}?)" if near else name for name, near in found.items()]
    if told:
        show.complain("", f"no such setting, ignored: {', '.join(told)}")


def read_settings() -> Settings:
    """The settings of the environment; exit 2, naming the variable, where one is not acceptable."""
    try:
        return Settings()
    except ValidationError as error:
        for each in error.errors():
            variable = "KEYART_" + "_".join(map(str, each["loc"])).upper()
            show.complain(variable, worded(each))
        raise typer.Exit(2) from error
    except SettingsError as error:
        show.complain("settings", str(error))
        raise typer.Exit(2) from error
