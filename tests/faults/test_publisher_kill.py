"""A publisher killed in the middle of its writing, with readers at the same time."""

import os
import random
import signal
import threading
import time
import zlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import brotli
import pytest

from incidents.snapshots.manifest import read_manifest
from incidents.snapshots.source import File, Source
from tests.snapshots.making import files, publish, source

pytestmark = pytest.mark.faults

KILLS = 25
EXPAND = {"": lambda body: body, ".gz": lambda body: zlib.decompress(body, 31), ".br": brotli.decompress}


def version(number: int) -> list[Source]:
    """Whole is a file of one number from beginning to end, as long as its first line says."""
    body = f"{number:08}\n".encode() * (2_000 + number % 7)
    body = f"{len(body):08}\n".encode() + body
    made = [File(f"/{name}.json", body, "application/json", stale=b"grey" * 100) for name in ("a", "b")]
    return [source("all", str(number), *made)]


def is_whole(body: bytes) -> bool:
    length, _, rest = body.partition(b"\n")
    return len(rest) == int(length) and len(set(rest.split(b"\n")[:-1])) == 1


def start_writer(directory: Path, numbers: Iterator[int]) -> int:
    child = os.fork()
    if child == 0:
        try:
            for number in numbers:
                publish(directory, *version(number))
        finally:
            os._exit(1)
    return child


class Reader(threading.Thread):
    """Reads until it is stopped, and keeps what was not whole."""

    def __init__(self, directory: Path) -> None:
        super().__init__(daemon=True)
        self.directory, self.torn, self.reads = directory, list[str](), 0
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.is_set():
            for name in ("live/a.json", "live/b.json"):
                for ending, expand in EXPAND.items():
                    body = (self.directory / (name + ending)).read_bytes()
                    self.reads += 1
                    if not is_whole(expand(body)):
                        self.torn.append(name + ending)
            read_manifest(self.directory)
            time.sleep(0.001)


def test_no_kill_shows_a_torn_file_and_the_next_publish_puts_all_in_order(tmp_path: Path) -> None:
    directory = tmp_path / "published" / "status.example.com"
    publish(directory, *version(0))
    reader = Reader(directory)
    reader.start()
    numbers, pause = count(1), random.Random(8)
    for _ in range(KILLS):
        writer = start_writer(directory, numbers)
        time.sleep(pause.uniform(0.02, 0.12))
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        numbers = count(next(numbers) + 1_000)
    reader.stopped.set()
    reader.join()
    assert reader.torn == []
    assert reader.reads > 1_000
    publish(directory, *version(99_999))
    assert len(files(directory)) == 12
    assert all(b"00099999" in (directory / f"live/{name}.json").read_bytes() for name in ("a", "b"))
