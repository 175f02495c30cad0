"""The line by which a reader knows a mail: one line, and the same stem for all mails of one matter."""

TITLE_CHARACTERS = 100
STEM_CHARACTERS = 120


def one_line(text: str) -> str:
    """Without control characters, line ends or the marks that turn the direction of writing."""
    kept = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(kept.split())


def cut_title(title: str) -> str:
    """On one line, and cut alike in every subject, however long the words before it grow."""
    return _cut(one_line(title), TITLE_CHARACTERS)


def cut_stem(stem: str) -> str:
    return _cut(one_line(stem), STEM_CHARACTERS)


def _cut(line: str, longest: int) -> str:
    return line if len(line) <= longest else line[: longest - 1] + "…"
