"""`manage.py deliver` whose waits are seconds where they are minutes: for mail servers that make it wait."""

import sys
from functools import partial

import django
from django.core.management import call_command

django.setup()

from incidents.management.commands import deliver  # noqa: E402
from incidents.notices import lease, ledger, outbox, throttle  # noqa: E402
from incidents.notices.channels.email import Limits, SmtpSender  # noqa: E402


def main() -> None:
    ledger.RETRY_SECONDS = (1,)  # type: ignore[assignment]
    ledger.MAYBE_SENT_SECONDS = 1
    throttle.FIRST_PAUSE_SECONDS = throttle.LONGEST_PAUSE_SECONDS = 1.0
    outbox.TAKE_OVER_SECONDS = 1.0
    lease.PATIENCE_SECONDS = 1.0
    limits = Limits(connect=1, command=1, after_dot=1, total=5)
    deliver.deliver_due = partial(outbox.deliver_due, open_sender=lambda: SmtpSender(limits))  # type: ignore[attr-defined]
    call_command("deliver", *sys.argv[1:], verbosity=0)


if __name__ == "__main__":
    main()
