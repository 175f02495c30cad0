"""An alarm of Amazon CloudWatch: what stands in the `Message` of an SNS notification.

INSUFFICIENT_DATA changes nothing: an alarm that begins with it has seen nothing yet. Neither does what other services
of Amazon's send through the same topic.
"""

from typing import Any

from incidents.alerts import fields
from incidents.alerts.heard import Heard
from incidents.lib.errors import Refused

STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")


def read(payload: Any) -> list[Heard]:
    alarm = fields.obj(payload)
    if "AlarmName" not in alarm:
        return []
    state = alarm.get("NewStateValue")
    if state not in STATES:
        raise Refused(f"expected one of {', '.join(STATES)}", field="NewStateValue")
    if state == "INSUFFICIENT_DATA":
        return []
    name = fields.text(alarm.get("AlarmName"))
    trigger = alarm.get("Trigger")
    return [
        Heard(
            key=fields.word(alarm, "AlarmArn"),
            firing=state == "ALARM",
            title=": ".join(filter(None, [name, fields.text(alarm.get("AlarmDescription"))])),
            at=fields.instant(alarm.get("StateChangeTime")),
            labels=fields.labels(
                {"alarm": name, "region": alarm.get("Region")},
                {
                    key: trigger.get(source)
                    for key, source in (("metric", "MetricName"), ("namespace", "Namespace"))
                }
                if isinstance(trigger, dict)
                else None,
            ),
        )
    ]
