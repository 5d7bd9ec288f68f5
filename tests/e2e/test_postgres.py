"""The same service on Postgres, by configuration only."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.e2e.conftest import film
from tests.e2e.service import running


@pytest.mark.postgres
def test_the_whole_loop_runs_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    admin = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for name in ("records", "jobs"):
            connection.execute(sa.text(f"CREATE DATABASE keyart_{name}"))
    admin.dispose()
    url = sa.make_url(postgres_url)
    urls = {
        variable: url.set(database=name).render_as_string(hide_password=False)
        for variable, name in (
            ("KEYART_DATABASE_URL", "keyart_records"),
            ("KEYART_JOBS_URL", "keyart_jobs"),
        )
    }
    film(tmp_path / "film.mp4", 1, shots=3)
    with running(tmp_path / "data", **urls) as service:
        job = service.submit({"id": "a", "name": "A", "synopsis": "Hills."}, tmp_path / "film.mp4")
        assert service.wait(job["job_id"])["state"] == "done", service.log()
        artwork = "/v1/titles/a/artwork?user=ada&aspect=16:9"
        decision = service.http.get(artwork).json()
        reward = {"decision_id": decision["decision_id"], "kind": "play", "value": 1.0}
        assert service.http.post("/v1/rewards", json=reward).status_code == 202
        assert service.http.get(artwork).json()["decision_id"] == decision["decision_id"]
        reindex = service.http.post("/v1/reindex").json()
        assert service.wait(reindex["job_id"])["state"] == "done", service.log()
    assert not list((tmp_path / "data").glob("*.db")), "records kept beside the database"
