from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.scene import Scene, staged
from tests.smtp import running_sink


@pytest.fixture
def scene(transactional_db: None, tmp_path: Path) -> Iterator[Scene]:
    """The server takes some milliseconds over each mail, so that a kill finds one under way."""
    with running_sink(seconds_a_mail=0.002) as sink, staged(sink, tmp_path / "data") as made:
        yield made
