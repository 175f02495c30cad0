import os
import stat
import subprocess
import sys
from pathlib import Path

from django.conf import settings


def test_the_database_is_closed_to_other_users_of_the_machine_also_where_it_stood_open(
    tmp_path: Path,
) -> None:
    database = tmp_path / "statuspage.sqlite3"
    database.touch(0o644)
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "manage.py", "setup"]
    subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True, capture_output=True)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("statuspage.sqlite3*")}
    assert set(modes.values()) == {0o600}, modes
