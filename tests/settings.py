"""The settings under test, away from the operator's own: no `.env`, no data of a running instance."""

import atexit
import os
import shutil
import tempfile

from statuspage.environment import Environment

_data_dir = tempfile.mkdtemp(prefix="statuspage-tests-")
atexit.register(shutil.rmtree, _data_dir, ignore_errors=True)
for _name in map(str.upper, Environment.model_fields):
    if _name != "DATABASE_URL":
        os.environ.pop(_name, None)
os.environ |= {"ENV_FILE": os.devnull, "DATA_DIR": _data_dir}

from statuspage.settings import *  # noqa: E402, F403
from statuspage.settings import DATABASES  # noqa: E402

# On disk: one in memory is one connection for all threads, so that a served request could end up inside
# of a test's transaction, and no other process could reach it.
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["TEST"] = {"NAME": os.path.join(_data_dir, "test.sqlite3")}  # noqa: PTH118

# No test may wait for a broker, nor depend on collected files, nor spend its time on hashing.
CELERY_BROKER_URL = "memory://"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# What Django's test client asks by, so that a link of a page can be followed as it stands.
SITE_URL = "http://testserver"
