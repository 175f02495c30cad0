import os
import stat
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from incidents.lib.kept_files import KEPT_SECONDS, find_file, forget_file, keep_file


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.KEPT_DIR = tmp_path / "kept"
    return tmp_path / "kept"


def test_a_file_is_kept_until_it_is_forgotten_and_for_the_service_alone(folder: Path) -> None:
    name = keep_file([b"a", b"b"])
    path = find_file(name)
    assert path and path.read_bytes() == b"ab"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    forget_file(name)
    assert find_file(name) is None


def test_what_nobody_came_back_for_is_gone_with_the_next_file(folder: Path) -> None:
    name = keep_file([b"a"])
    long_ago = time.time() - KEPT_SECONDS - 1
    os.utime(folder / name, (long_ago, long_ago))
    assert find_file(name) is None
    keep_file([b"b"])
    assert not (folder / name).exists()


@pytest.mark.parametrize("name", ["", "../secret", "x", "0" * 31, "0" * 32])
def test_only_names_that_were_given_are_found(folder: Path, name: str) -> None:
    keep_file([b"a"])
    (folder.parent / "secret").write_bytes(b"secret")
    assert find_file(name) is None
