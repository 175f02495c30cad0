"""`manage.py deliver` in a process whose own clock jumps by the hours given, soon after it began."""

import sys
import threading
from datetime import UTC, datetime, timedelta

import django
import time_machine
from django.core.management import call_command

django.setup()

JUMP_AFTER_SECONDS = 0.3


def main() -> None:
    jump = time_machine.travel(datetime.now(UTC) + timedelta(hours=float(sys.argv[1])), tick=True)
    threading.Timer(JUMP_AFTER_SECONDS, jump.start).start()
    call_command("deliver", verbosity=0)


if __name__ == "__main__":
    main()
