"""The commands as a shell runs them, on data of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from statuspage.environment import BASE_DIR

HEAD = "email,consent_date\n"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    assert manage(folder, "setup").returncode == 0
    return folder


def manage(data_dir: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """In a locale that knows no Japanese: nothing may depend on it."""
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DATA_DIR": str(data_dir),
        "LC_ALL": "C",
    }
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command, cwd=BASE_DIR, env=environment, capture_output=True, check=False, timeout=120
    )


def test_a_file_is_tried_taken_and_given_back(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("email,consent_date,consent_source\r\na@example.com,2024/4/1,契約書\r\n".encode("cp932"))
    tried = manage(data_dir, "import_subscribers", str(file), "--dry-run")
    assert tried.stdout == b"1 to add, 0 to confirm, 0 subscribed already, 0 skipped\n"
    taken = manage(data_dir, "import_subscribers", str(file))
    assert taken.stdout == b"1 added, 0 confirmed, 0 subscribed already, 0 skipped\n"
    again = manage(data_dir, "import_subscribers", str(file), "--page", "127.0.0.1")
    assert again.stdout == b"0 added, 0 confirmed, 1 subscribed already, 0 skipped\n"
    exported = manage(data_dir, "export_subscribers").stdout
    assert exported.decode("utf-8-sig").splitlines()[1] == "a@example.com,ja,,,,all,,2024-04-01,契約書"
    written = tmp_path / "out.csv"
    assert manage(data_dir, "export_subscribers", "-o", str(written)).returncode == 0
    assert written.read_bytes() == exported


def test_faults_are_named_by_file_line_and_column(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(f"{HEAD}good@example.com,2024-04-01\nbad,2024-04-01\nb@example.com,soon\n")
    failed = manage(data_dir, "import_subscribers", str(file))
    assert failed.returncode == 1
    assert failed.stderr.decode().splitlines() == [
        f"{file}:3: email: An email address has the form name@example.com.",
        f"{file}:4: consent_date: expected the day on which they agreed, such as 2024-04-01, not 'soon'",
        "CommandError: nothing was imported",
    ]


def test_a_missing_file_and_an_unknown_page_are_refused(data_dir: Path, tmp_path: Path) -> None:
    missing = manage(data_dir, "import_subscribers", str(tmp_path / "none.csv"))
    assert missing.returncode == 1
    assert missing.stderr.endswith(b"none.csv: No such file or directory\n")
    elsewhere = manage(data_dir, "export_subscribers", "--page", "nowhere.example")
    assert elsewhere.returncode == 1
    assert b"expected the host of a page, one of 127.0.0.1" in elsewhere.stderr


def test_a_key_is_printed_alone_once_and_can_be_revoked(data_dir: Path) -> None:
    made = manage(data_dir, "create_token", "monitoring", "--scope", "read")
    (line,) = made.stdout.decode().splitlines()
    assert line.startswith("sp_live_") and " " not in line
    twice = manage(data_dir, "create_token", "monitoring", "--scope", "read")
    assert (twice.returncode, twice.stdout) == (1, b"")
    assert b"name: 'monitoring' is the name of another key" in twice.stderr
    assert (
        b"scope: expected one of read, write, admin"
        in manage(data_dir, "create_token", "other", "--scope", "all").stderr
    )
    assert manage(data_dir, "revoke_token", "monitoring").returncode == 0
    assert manage(data_dir, "revoke_token", "unknown").returncode == 1
