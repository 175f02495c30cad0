"""A log as lines from where it was left, also over its rotation."""

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

MOST_LINE_BYTES = 8_192


class LogTail:
    """Complete lines of a file that grows, is renamed and begun anew, or emptied.

    `inode` and `position` say where it was left. Where the file of that inode was renamed to `PATH.1` meanwhile,
    its rest is read before the new one.
    """

    def __init__(self, path: Path, *, inode: int = 0, position: int = 0) -> None:
        self._path = path
        renamed = path.with_name(f"{path.name}.1")
        left_there = bool(inode) and _inode_of(path) != inode
        self._file = _open(renamed if left_there and _inode_of(renamed) == inode else path)
        if self.inode == inode and position <= self._size():
            self._file.seek(position)

    def __enter__(self) -> "LogTail":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._file.close()

    @property
    def inode(self) -> int:
        return os.fstat(self._file.fileno()).st_ino

    @property
    def position(self) -> int:
        """After the last line that was given out."""
        return self._file.tell()

    def read_lines(self, most: int) -> list[bytes]:
        """The next lines, without their ends; none where the file has no more. A line too long ends there and is
        one byte longer than a line may be; what is left of it is passed over."""
        lines: list[bytes] = []
        while len(lines) < most:
            begins_at = self._file.tell()
            line = self._file.readline(MOST_LINE_BYTES + 1)
            if not line.endswith(b"\n") and len(line) <= MOST_LINE_BYTES:
                self._file.seek(begins_at)  # not written to its end yet
                break
            if not line.endswith(b"\n") and not self._pass_over():
                self._file.seek(begins_at)
                break
            lines.append(line.rstrip(b"\r\n"))
        return lines

    def follow(self) -> bool:
        """Goes on to the file that has this one's name now, or to the beginning of one that was emptied. False:
        there is nothing to go on to."""
        if self._size() < self._file.tell():
            self._file.seek(0)
            return True
        if _inode_of(self._path) in (0, self.inode):
            return False
        self._file.close()
        self._file = _open(self._path)
        return True

    def _pass_over(self) -> bool:
        """To the end of the line; False where it has none yet."""
        while rest := self._file.readline(MOST_LINE_BYTES):
            if rest.endswith(b"\n"):
                return True
        return False

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _inode_of(path: Path) -> int:
    """0 where there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0
