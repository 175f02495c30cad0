import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """A file system of 1 MB, where the tests may mount one."""
    place = tmp_path / "disk"

    def mount() -> Path:
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "statuspage-test", str(place)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("needs to mount a small file system, as root")
        return place

    yield mount
    if place.is_mount():
        subprocess.run(["umount", str(place)], check=True)
