def one_line(text: str) -> str:
    """Without control characters, line ends or the marks that turn the direction of writing."""
    kept = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(kept.split())
