"""What every test may use, and what happens where there is no Chromium."""

import os
import shutil
from pathlib import Path

import pytest

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_CHROMIUM = "no Chromium found"


def find_chromium() -> Path | None:
    """The one on PATH; CHROMIUM names another."""
    given = os.environ.get("CHROMIUM")
    found = given or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    return Path(found) if found and Path(found).exists() else None


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program; tests marked `browser` run only where there is one."""
    found = find_chromium()
    assert found, NO_CHROMIUM
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium browser tests are left out; with REQUIRE_BROWSER set they run, and fail."""
    if find_chromium() or os.environ.get("REQUIRE_BROWSER"):
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [
        report for report in terminalreporter.stats.get("skipped", []) if NO_CHROMIUM in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.write_sep(
            "!", f"{NO_CHROMIUM.upper()}: {len(skipped)} BROWSER TESTS DID NOT RUN", red=True
        )
        terminalreporter.write_line("Install chromium, or name it in CHROMIUM.")
