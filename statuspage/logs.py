"""Log lines: one line each, and no secret in any of them."""

import logging
import re
import time

# Those above 127 move a terminal's cursor too, and some readers break lines at U+2028 and U+2029.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_CONTROLS |= {10: "\\n", 13: "\\r", 9: "\\t", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@\s/]+@")
_TOKEN_PATH = re.compile(
    r"/(confirm|keep|last-only|endpoints|manage|members|alerts|shared|unsubscribe|ping|reset/key)/[\w.~:=-]{16,}"
)
# Behind the source's id may stand its secret, of any characters.
_HOOK = re.compile(r"/hooks/(\w+)/[\w-]{16,}[^\s\"'?]*")
_API_KEY = re.compile(r"\bsp_live_[\w-]{16,}")


def redact(text: str) -> str:
    """Without the passwords of URLs, the tokens of addresses that act by being known, and keys of the API."""
    text = _API_KEY.sub("sp_live_***", text)
    text = _URL_PASSWORD.sub(r"\1:***@", text)
    text = _HOOK.sub(r"/hooks/\1/***", text)
    return _TOKEN_PATH.sub(r"/\1/***", text)


class WithoutTraceback(logging.Filter):
    """For what anybody outside can cause as often as they like, and no code of ours is at fault for."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True


class LineFormatter(logging.Formatter):
    """Time in UTC, level, logger, message; line breaks inside (of tracebacks too) are written `\\n`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return time.strftime(datefmt or "%c", time.gmtime(record.created))

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record)).translate(_CONTROLS)
