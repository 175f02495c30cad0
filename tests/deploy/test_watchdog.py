"""The watchdog, as its timer runs it."""

import gzip
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.snapshots.making import data, files, html, publish, read, source

ROOT = Path(__file__).parents[2]
WATCHDOG = ROOT / "deploy" / "watchdog.sh"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return publish_two_pages(tmp_path) / "published" / "status.example.com"


def publish_two_pages(data_dir: Path) -> Path:
    for place in ("published/status.example.com", "published-private/members.example.com"):
        publish(
            data_dir / place,
            source("front", "1", html("/", "green", stale="grey"), html("/en/", "green", stale="grey")),
            source("service", "1", html("/services/mail", "green", stale="grey")),
            source("past", "1", html("/history", "past"), data("/tiny.json", "{}")),
        )
    return data_dir


def run(
    data_dir: Path, *, shell: str = "sh", inside: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    assert shutil.which(shell), shell
    done = subprocess.run(
        [shell, WATCHDOG, data_dir],
        cwd=inside,
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done


def unpack(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode()


def age_heartbeat(directory: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(directory / "heartbeat", (then, then))


def snapshot(directory: Path) -> dict[str, tuple[bytes, float]]:
    return {
        name: ((directory / name).read_bytes(), (directory / name).stat().st_mtime)
        for name in files(directory)
    }


def test_a_fresh_page_is_left_as_it_is(directory: Path) -> None:
    before = snapshot(directory)
    run(directory.parents[1])
    assert snapshot(directory) == before


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_page_without_a_heartbeat_for_two_minutes_turns_grey_with_all_its_twins(
    directory: Path, shell: str
) -> None:
    age_heartbeat(directory, 119)
    run(directory.parents[1], shell=shell)
    assert read(directory, "live/index.html").startswith("green")
    age_heartbeat(directory, 125)
    run(directory.parents[1], shell=shell)
    for name in ("live/index.html", "live/en/index.html", "live/services/mail.html"):
        assert read(directory, name).startswith("grey")
        assert unpack(directory / f"{name}.gz").startswith("grey")
    assert read(directory, "live/history.html").startswith("past")


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_compressed_twins_turn_grey_wherever_it_is_started_from(directory: Path, shell: str) -> None:
    age_heartbeat(directory, 500)
    run(Path(), shell=shell, inside=directory.parents[1])
    assert unpack(directory / "live/index.html.gz").startswith("grey")


def test_each_page_by_its_own_heartbeat_private_ones_too(directory: Path) -> None:
    private = directory.parents[1] / "published-private" / "members.example.com"
    age_heartbeat(private, 500)
    run(directory.parents[1])
    assert read(private, "live/index.html").startswith("grey")
    assert read(directory, "live/index.html").startswith("green")


def test_running_again_changes_nothing_and_the_publisher_makes_it_green_again(directory: Path) -> None:
    age_heartbeat(directory, 500)
    run(directory.parents[1])
    before = snapshot(directory)
    run(directory.parents[1])
    assert snapshot(directory) == before
    publish_two_pages(directory.parents[1])
    assert read(directory, "live/index.html").startswith("green")
    assert read(directory, "stale/index.html").startswith("grey")
    run(directory.parents[1])
    assert read(directory, "live/index.html").startswith("green")


def test_the_limit_can_be_set(directory: Path) -> None:
    age_heartbeat(directory, 5)
    run(directory.parents[1], STALE_AFTER_SECONDS="3")
    assert read(directory, "live/index.html").startswith("grey")


def test_a_swapped_file_is_newer_than_the_one_it_replaces(directory: Path) -> None:
    """Else a browser that has the green one is told that nothing changed."""
    before = (directory / "live/index.html.gz").stat().st_mtime
    age_heartbeat(directory, 500)
    run(directory.parents[1])
    assert int((directory / "live/index.html.gz").stat().st_mtime) > int(before)


def test_a_first_publish_that_never_came_to_its_heartbeat_turns_grey_too(directory: Path) -> None:
    (directory / "heartbeat").unlink()
    run(directory.parents[1])
    assert read(directory, "live/index.html").startswith("green")
    os.utime(directory, (1, 1))
    run(directory.parents[1])
    assert read(directory, "live/index.html").startswith("grey")


def test_without_anything_published_it_does_nothing(tmp_path: Path) -> None:
    run(tmp_path / "nowhere")
    run(tmp_path)


def test_it_needs_no_room_on_the_disk(tmp_path: Path, small_disk: Path) -> None:
    directory = publish_two_pages(small_disk) / "published" / "status.example.com"
    age_heartbeat(directory, 500)
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "full").write_bytes(b"x" * 2**21)
    run(small_disk)
    assert read(directory, "live/index.html").startswith("grey")


def test_it_reads_the_directory_of_the_settings_where_none_is_given(directory: Path) -> None:
    age_heartbeat(directory, 500)
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(directory.parents[1])}
    subprocess.run(["sh", WATCHDOG], env=environment, check=True, timeout=60)
    assert read(directory, "live/index.html").startswith("grey")
