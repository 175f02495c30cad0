"""Two transactions that overlap: the second begins before the first has committed."""

import threading
from collections.abc import Callable

from django.db import connection, transaction

HEAD_START_SECONDS = 0.5


def run_at_once(first: Callable[[], object], second: Callable[[], object]) -> Exception | None:
    """Answers what `second` raised. It waits for a row (or a database) that `first` holds, or it does not:
    `first` commits half a second later. Needs a test with `transaction=True`."""
    changed, raised = threading.Event(), list[Exception]()

    def follow() -> None:
        changed.wait(20)
        try:
            with transaction.atomic():
                second()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    follower = threading.Thread(target=follow)
    follower.start()
    with transaction.atomic():
        first()
        changed.set()
        follower.join(HEAD_START_SECONDS)
    follower.join()
    return raised[0] if raised else None
