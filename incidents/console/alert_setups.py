"""How each system that can send alerts is set up: what is pasted where, and how it proves who it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from incidents.alerts import addresses
from incidents.models import AlertFormat, AlertSource


@dataclass(frozen=True)
class Setup:
    """`kind` is the format in which it sends, `preset` the mapping of its JSON. In `snippet`, what is pasted into the
    sender, ADDRESS and SECRET stand for this source's, and an empty line parts what goes to different places. One
    with `is_in_address` can send the secret only there.
    """

    kind: str
    label: Any
    about: Any
    snippet: str = ""
    preset: str = ""
    is_in_address: bool = False
    needs_secret: bool = True


SETUPS: Mapping[str, Setup] = {
    "alertmanager": Setup(
        AlertFormat.ALERTMANAGER,
        "Prometheus Alertmanager",
        _("A receiver in alertmanager.yml; the secret is its bearer token."),
        "webhook_configs:\n"
        "  - url: ADDRESS\n"
        "    send_resolved: true\n"
        "    http_config:\n"
        "      authorization:\n"
        "        type: Bearer\n"
        "        credentials: SECRET",
    ),
    "grafana": Setup(
        AlertFormat.GRAFANA,
        "Grafana",
        _(
            "A contact point of the type Webhook with the address; the secret goes into its authorization header"
            " (scheme Bearer) or its HMAC signature."
        ),
    ),
    "uptime_kuma": Setup(
        AlertFormat.UPTIME_KUMA,
        "Uptime Kuma",
        _(
            "A notification of the type Webhook with the address; the secret goes into its additional headers."
        ),
        '{"Authorization": "Bearer SECRET"}',
    ),
    "healthchecks": Setup(
        AlertFormat.HEALTHCHECKS,
        "Healthchecks",
        _(
            "An integration of the type Webhook: the same POST, headers and body for down and for up. The secret is"
            " one of the headers."
        ),
        "POST ADDRESS\n"
        "Content-Type: application/json\n"
        "Authorization: Bearer SECRET\n\n"
        '{"code":"$CODE","name":$NAME_JSON,"status":"$STATUS","now":"$NOW","tags":"$TAGS"}',
    ),
    "mackerel": Setup(
        AlertFormat.MACKEREL,
        "Mackerel",
        _(
            "A notification channel of the type Webhook with the whole address: the secret is the password in it."
        ),
        is_in_address=True,
    ),
    "pagerduty": Setup(
        AlertFormat.PAGERDUTY,
        "PagerDuty",
        _(
            "A webhook (v3) with the address; the secret is sent as a custom header, or enter PagerDuty's signing"
            " secret here afterwards."
        ),
        "Authorization: Bearer SECRET",
    ),
    "cloudwatch": Setup(
        AlertFormat.CLOUDWATCH,
        "Amazon CloudWatch",
        _(
            "An SNS topic with the address as an HTTPS subscription. Amazon signs what it sends, the subscription is"
            " confirmed by itself, and from then on only that topic is heard."
        ),
        needs_secret=False,
    ),
    "pingdom": Setup(
        AlertFormat.PINGDOM,
        "Pingdom",
        _("An integration of the type Webhook with the whole address: the secret is the password in it."),
        is_in_address=True,
    ),
    "opsgenie": Setup(
        AlertFormat.OPSGENIE,
        "Opsgenie",
        _(
            "An integration of the type Webhook with the actions Create, Close and Delete; the secret is a custom"
            " header."
        ),
        "Authorization: Bearer SECRET",
    ),
    "mail": Setup(
        AlertFormat.MAIL,
        _("Mail"),
        _(
            "For what can only send mail: it goes to the address, which nobody else may know. The mail server hands it"
            " to manage.py receive_mail."
        ),
        needs_secret=False,
    ),
    "datadog": Setup(
        AlertFormat.GENERIC,
        "Datadog",
        _("A webhook with the address; the secret is a custom header, and the payload is the one shown."),
        '{"Authorization": "Bearer SECRET"}\n\n'
        '{"key":"$ALERT_CYCLE_KEY","transition":"$ALERT_TRANSITION","title":"$EVENT_TITLE",\n'
        ' "priority":"$ALERT_PRIORITY","at":"$DATE_POSIX","scope":"$ALERT_SCOPE","tags":"$TAGS"}',
        preset="datadog",
    ),
    "uptimerobot": Setup(
        AlertFormat.GENERIC,
        "UptimeRobot",
        _(
            "An integration of the type Webhook with the whole address, in which the secret is the password; send the"
            " POST value shown as JSON."
        ),
        '{"monitorID":"*monitorID*","alertType":"*alertType*","monitorURL":"*monitorURL*",\n'
        ' "monitorFriendlyName":"*monitorFriendlyName*","alertDateTime":"*alertDateTime*"}',
        preset="uptimerobot",
        is_in_address=True,
    ),
    "zabbix": Setup(
        AlertFormat.GENERIC,
        "Zabbix",
        _(
            "A media type Webhook with the parameters event_id={EVENT.ID}, value={EVENT.VALUE}, name={EVENT.NAME},"
            " severity={EVENT.SEVERITY}, host={HOST.NAME} and the script shown; the secret stands in the script."
        ),
        "var given = JSON.parse(value), call = new HttpRequest();\n"
        "given.at = new Date().toISOString();\n"
        "call.addHeader('Content-Type: application/json');\n"
        "call.addHeader('Authorization: Bearer SECRET');\n"
        "call.post('ADDRESS', JSON.stringify(given));\n"
        "if (call.getStatus() !== 200) throw 'answered ' + call.getStatus();\n"
        "return 'OK';",
        preset="zabbix",
    ),
    "nagios": Setup(
        AlertFormat.GENERIC,
        "Nagios / Icinga",
        _("A notification command that calls curl; the secret is its bearer token."),
        "curl -sS -m 10 -H 'Authorization: Bearer SECRET' \\\n"
        "  --data-urlencode 'key=$HOSTNAME$/$SERVICEDESC$' --data-urlencode 'type=$NOTIFICATIONTYPE$' \\\n"
        "  --data-urlencode 'output=$SERVICEOUTPUT$' --data-urlencode 'state=$SERVICESTATE$' \\\n"
        "  --data-urlencode 'host=$HOSTNAME$' --data-urlencode 'service=$SERVICEDESC$' \\\n"
        "  --data-urlencode 'at=$TIMET$' ADDRESS",
        preset="nagios",
    ),
    "generic": Setup(
        AlertFormat.GENERIC,
        _("Another system (JSON)"),
        _(
            "Anything that sends JSON by POST: paste a sample and choose where each part stands. The secret is a bearer"
            " token, a password in the address, or signs as Standard Webhooks has it."
        ),
    ),
}
"""By the word in the address of the console."""


@dataclass(frozen=True)
class Shown:
    """What is copied into the sender, each of `snippets` to a place of its own; with the secret where it has just
    been made, else with the word SECRET."""

    address: str
    snippets: list[str]
    secret: str = ""
    whole_address: str = ""


def setup_of(source: AlertSource) -> Setup:
    return SETUPS[source.format]


def show_setup(setup: Setup, source: AlertSource, *, secret: str = "") -> Shown:
    address = address_of(source)
    text = setup.snippet.replace("ADDRESS", address).replace("SECRET", secret or "SECRET")
    snippets = [part for part in text.split("\n\n") if part]
    if not setup.needs_secret:
        return Shown(address, snippets)
    return Shown(address, snippets, secret, _with_password(address, secret) if secret else "")


def address_of(source: AlertSource) -> str:
    if source.format == AlertFormat.MAIL:
        return addresses.address_of(source)
    return f"{settings.SITE_URL}/hooks/{source.format}/{source.public_id}"


def _with_password(address: str, secret: str) -> str:
    parts = urlsplit(address)
    return parts._replace(netloc=f"page:{quote(secret, safe='')}@{parts.netloc}").geturl()
