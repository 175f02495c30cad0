"""What `manage.py check`, and with it every start, warns of."""

from typing import Any

from django.core import checks

from incidents.lib.ping import UNPRIVILEGED_RANGE, can_ping


@checks.register
def check_pings(**_: Any) -> list[checks.CheckMessage]:
    if can_ping():
        return []
    what = "Monitors of the kind ICMP cannot work: this process may send no pings."
    hint = f"""sysctl -w {UNPRIVILEGED_RANGE}="0 2147483647", or give the workers CAP_NET_RAW."""
    return [checks.Warning(what, hint=hint, id="incidents.W001")]
