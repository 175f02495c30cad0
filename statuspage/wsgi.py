"""What granian serves: the published page from memory, static files, and behind them Django."""

import multiprocessing
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from statuspage.guard import Guard
from statuspage.processes import SUPERVISED, die_with_parent
from statuspage.published import Published
from statuspage.security_headers import browser_headers
from statuspage.static import serve_static

server = multiprocessing.parent_process()
if SUPERVISED in os.environ and server and server.pid:
    die_with_parent(server.pid)  # else a killed server leaves its worker behind, on our port

# Python lets a thread compute for 5 ms before another gets its turn: as long as fifty answers take.
sys.setswitchinterval(0.0005)

headers = browser_headers()
application = Published(
    serve_static(Guard(get_wsgi_application()), headers=headers.data),
    public=settings.PUBLISHED_DIR,
    private=settings.PUBLISHED_PRIVATE_DIR,
    headers=headers,
    allowed_hosts=settings.ALLOWED_HOSTS,
)
application.shelf.watch()
