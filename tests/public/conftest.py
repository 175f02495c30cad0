from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def static_files_by_their_plain_names(settings: Settings, tmp_path: Path) -> None:
    """Nothing was collected for a test, so no file has its hashed name."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
