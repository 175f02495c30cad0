"""What granian serves."""

import multiprocessing
import os

from django.core.wsgi import get_wsgi_application

from statuspage.processes import SUPERVISED, die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")

server = multiprocessing.parent_process()
if SUPERVISED in os.environ and server and server.pid:
    die_with_parent(server.pid)  # else a killed server leaves its worker behind, on our port

application = get_wsgi_application()
