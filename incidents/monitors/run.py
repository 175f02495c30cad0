"""The hands of the monitors: due checks made, silence judged."""

from django.db import transaction

from incidents.actions.monitor import (
    Judged,
    apply_judgement,
    claim_due,
    fall_silent,
    record_result,
    schedule_next,
)
from incidents.lib import times
from incidents.lib.outbound import guard_from_settings
from incidents.models import Monitor, MonitorKind
from incidents.monitors.checkers.http import check_many
from incidents.monitors.judge import State, judge, judge_silence
from incidents.monitors.probes import policy_of, probe_of
from incidents.monitors.results import Result
from incidents.monitors.series import Series
from incidents.queries.monitor import lock_monitor, monitors_by_id, silent_monitors
from incidents.queries.service import is_stale

MOST_AT_ONCE = 200
