"""What a stop leaves behind."""

import subprocess
import sys
from pathlib import Path

from workers.settings import Settings
from workers.supervisor import _fold_log

WRITE_AND_DIE = """
import os, sys
from content.records import open_engine
connection = open_engine(sys.argv[1]).connect()
connection.exec_driver_sql("CREATE TABLE kept AS SELECT 1")
connection.commit()
os._exit(0)
"""


def test_after_a_stop_the_records_are_one_file(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    command = [sys.executable, "-c", WRITE_AND_DIE, settings.records_url]
    subprocess.run(command, check=True)
    assert (tmp_path / "state.db-wal").exists()
    _fold_log(settings)
    assert [path.name for path in tmp_path.iterdir()] == ["state.db"]
