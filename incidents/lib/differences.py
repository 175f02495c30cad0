"""What changed between two texts."""

from itertools import takewhile

CONTEXT = 20


def changed_part(before: str, after: str) -> tuple[str, str]:
    """The stretch in which they differ, of each, with a little of what stands around it and `…` for the rest."""
    start = _common(before, after)
    rest = _common(before[start:][::-1], after[start:][::-1])
    start, rest = max(0, start - CONTEXT), max(0, rest - CONTEXT)
    return _cut(before, start, rest), _cut(after, start, rest)


def _common(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _cut(text: str, start: int, rest: int) -> str:
    return ("…" if start else "") + text[start : len(text) - rest] + ("…" if rest else "")
