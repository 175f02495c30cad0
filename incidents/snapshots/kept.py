"""What one turn of publishing made and the next can use again: the past is not rendered twice."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

Name = TypeVar("Name", bound=Hashable)
T = TypeVar("T")


class Kept:
    """Of one page, by kind and name, each as long as its key and the page's look stay what they were.

    Whoever publishes holds one for each page; a visit that is answered without it begins with an empty one.
    """

    def __init__(self) -> None:
        self._look = ""
        self._found: dict[str, dict[Hashable, tuple[Hashable, Any]]] = defaultdict(dict)

    def under(self, look: str) -> None:
        """Forgets everything unless the look is the same."""
        if look != self._look:
            self._look = look
            self._found.clear()

    def many(
        self,
        kind: str,
        wanted: Mapping[Name, Hashable],
        make: Callable[[list[Name]], Mapping[Name, T]],
    ) -> dict[Name, T]:
        """By name; `wanted` are names with their keys, and `make` gets the names of those that lack."""
        found = self._found[kind]
        lacking = [name for name, key in wanted.items() if name not in found or found[name][0] != key]
        if lacking:
            for name, made in make(lacking).items():
                found[name] = (wanted[name], made)
        return {name: found[name][1] for name in wanted}

    def one(self, kind: str, name: Hashable, key: Hashable, make: Callable[[], T]) -> T:
        return self.many(kind, {name: key}, lambda _lacking: {name: make()})[name]
