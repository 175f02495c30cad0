"""What granian serves."""

import os

from django.core.wsgi import get_wsgi_application

from statuspage.processes import SUPERVISED, die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")

if SUPERVISED in os.environ:
    die_with_parent()  # else a killed server leaves its worker behind, on our port

application = get_wsgi_application()
