"""What staff are asked for each kind of monitor. A field has the name of the setting that its checker reads."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.console.fields import Lines
from incidents.console.monitor_forms import MonitorForm, Secret
from incidents.models import MonitorKind
from incidents.monitors.checkers import dns, http

HOUR = 3600
PLACE = _("host:port, such as mail.example.com:25")


def line(label: Any, hint: Any = "", **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label, help_text=hint, required=False, max_length=500, **kwargs)


def lines(label: Any, hint: Any = "", *, rows: int = 3) -> forms.CharField:
    return forms.CharField(label=label, help_text=hint, required=False, strip=False, widget=Lines(rows))


def number(label: Any, hint: Any = "", **kwargs: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, help_text=hint, required=False, **kwargs)


def flag(label: Any, *, initial: bool = False) -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, initial=initial)


def choice(label: Any, *choices: tuple[str, Any]) -> forms.ChoiceField:
    usual = choices[0][0]
    return forms.ChoiceField(label=label, choices=choices, initial=usual, required=bool(usual))


class Judged(MonitorForm):
    """Of what is asked again and again: how many answers decide, and from when an answer is slow."""

    failures_to_down = number(_("Failures in a row until it is down"), initial=3)
    passes_to_up = number(_("Passes in a row until it is up"), initial=2)
    max_latency_ms = number(_("Slow from, in milliseconds"), _("Judged over five answers. Empty: never."))
    total_ms = number(_("Time limit of a check, in milliseconds"), initial=10_000)

    judging = ("failures_to_down", "passes_to_up", "max_latency_ms", "total_ms")
    more: ClassVar[tuple[str, ...]] = judging


class Certified(Judged):
    """Of what speaks TLS."""

    verify_certificate = flag(_("Verify the certificate"), initial=True)
    authorities = lines(_("Certificates of your own authority (PEM)"), _("Instead of the system's."))

    certified = ("verify_certificate", "authorities")
    more: ClassVar[tuple[str, ...]] = (*certified, *Judged.judging)


class HttpForm(Certified):
    kind = MonitorKind.HTTP
    about = _("Asks a web address and looks into the answer")
    target_label = (_("Address"), "https://…")
    secrets = {"password": "target", "bearer": "target"}

    keyword = line(_("Keyword"), _("A word that the answer must hold. Empty: any answer."))
    keyword_is_pattern = flag(_("The keyword is a regular expression (RE2)"))
    keyword_absent = flag(_("The keyword must not be there"))
    json_path = line(_("JSON path"), _("Such as $.status. Something must stand there."))
    json_value = line(_("Value at the JSON path"), _("Every value found must be this one. Empty: any value."))
    expected_statuses = line(_("Expected statuses"), _("Such as 200-299, 401."), initial="200-299")
    certificate_days = number(_("Days that the certificate must be valid for"))
    method = choice(_("Method"), *((method, method) for method in http.METHODS))
    headers = lines(_("Headers"), _("One on a line, such as Accept: text/html. Staff can read them."))
    body = lines(_("Body"))
    user = line(_("User"))
    password = Secret(label=_("Password"))
    bearer = Secret(label=_("Token (Authorization: Bearer)"))
    most_redirects = number(_("Redirects that are followed"), _("0 to 3."), initial=http.MOST_REDIRECTS)

    more = (
        *("method", "headers", "body", "user", "password", "bearer", "most_redirects"),
        *Certified.more,
    )


class TcpForm(Judged):
    kind = MonitorKind.TCP
    about = _("Connects to a port")
    target_label = (_("Host and port"), PLACE)

    send = line(_("Line to send"))
    expect = line(_("Expected in the answer"))


class IcmpForm(Judged):
    kind = MonitorKind.ICMP
    about = _("Pings a host")
    target_label = (_("Host"), "")

    packets = number(_("Pings a check"), initial=3)
    most_lost = number(_("Pings that may go unanswered"), initial=1)


class TlsForm(Certified):
    kind = MonitorKind.TLS
    about = _("Shakes hands in TLS and looks at the certificate")
    target_label = (_("Host and port"), _("Without a port: the usual one of the protocol, else 443."))
    usual_interval = HOUR

    starttls = choice(
        _("Protocol"), ("", _("TLS at once")), ("smtp", "SMTP"), ("imap", "IMAP"), ("pop3", "POP3")
    )
    certificate_days = number(_("Days that the certificate must be valid for"))
    minimum_version = choice(_("Lowest version of TLS"), ("1.2", "1.2"), ("1.3", "1.3"))
    host_name = line(_("Name in the certificate"), _("Empty: that of the host."))


class DnsForm(Judged):
    kind = MonitorKind.DNS
    about = _("Asks a resolver for a record")
    target_label = (_("Name"), _("Such as www.example.com, or an address for PTR."))

    record = choice(_("Record"), *((record, record) for record in dns.RECORDS))
    match = choice(
        _("What is expected"),
        (dns.ANY, _("Any answer")),
        (dns.CONTAINS, _("These answers, and perhaps others")),
        (dns.EXACTLY, _("These answers and no others")),
        (dns.NXDOMAIN, _("That the name does not exist")),
    )
    expected = lines(_("Expected answers"), _("One on a line, as zone files have them."))
    resolver = line(_("Resolver"), _("An address, with a port where it is not 53. Empty: the usual ones."))


class SmtpForm(Certified):
    kind = MonitorKind.SMTP
    about = _("Talks to a mail server up to the recipient, and sends nothing")
    target_label = (_("Host and port"), _("Without a port: 25, or 465 for TLS at once."))

    tls = choice(_("Encryption"), ("none", _("None")), ("starttls", "STARTTLS"), ("ssl", _("TLS at once")))
    sender = line(_("Sender to name"), _("Empty: none, as in a bounce."))
    recipient = line(_("Recipient that must be accepted"), _("Empty: none is asked about."))


class MailRoundTripForm(MonitorForm):
    kind = MonitorKind.MAIL_ROUND_TRIP
    about = _("Sends a message and waits for it to arrive")
    target_label = (_("Mail address to send to"), "")
    usual_interval = 300
    secrets = {"smtp_password": "smtp_server", "imap_password": "imap_server"}

    limit_minutes = number(_("Promised to arrive within, in minutes"), _("540 are nine hours."), initial=540)
    imap_server = line(
        _("Mailbox: IMAP server"),
        _("Host, with a port where it is not the usual one. Empty: the receiving side reports the arrival."),
    )
    imap_tls = choice(
        _("Mailbox: encryption"), ("ssl", _("TLS at once")), ("starttls", "STARTTLS"), ("none", _("None"))
    )
    imap_user = line(_("Mailbox: user"))
    imap_password = Secret(label=_("Mailbox: password"))
    imap_folder = line(_("Mailbox: folder"), initial="INBOX")
    smtp_server = line(
        _("Sending: SMTP server"),
        _("Host, with a port where it is not the usual one. Empty: the mail server of this system."),
    )
    smtp_tls = choice(
        _("Sending: encryption"), ("starttls", "STARTTLS"), ("ssl", _("TLS at once")), ("none", _("None"))
    )
    smtp_user = line(_("Sending: user"))
    smtp_password = Secret(label=_("Sending: password"))
    sender = line(_("Sender"), _("Empty: the one of this system."))
    failures_to_down = number(_("Failures in a row until it is down"), initial=3)
    passes_to_up = number(_("Passes in a row until it is up"), initial=2)
    authorities = lines(_("Certificates of your own authority (PEM)"), _("Instead of the system's."))

    more = (
        *("smtp_server", "smtp_tls", "smtp_user", "smtp_password", "sender"),
        *("failures_to_down", "passes_to_up", "authorities"),
    )


class HeartbeatForm(MonitorForm):
    kind = MonitorKind.HEARTBEAT
    about = _("Waits for a job to report")
    usual_interval = HOUR
    aliases = {"period_seconds": "interval_seconds"}

    grace_seconds = number(_("Seconds that a report may be late"), initial=300)

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "period_seconds": self.interval}


class BaselineForm(MonitorForm):
    kind = MonitorKind.BASELINE
    about = _("Compares a count with the usual one")
    usual_interval = HOUR

    country = line(
        _("Country whose public holidays count"),
        _("Its code, such as JP, or none. Empty: JP where the page's time zone is Asia/Tokyo, else none."),
    )
    closed_days = line(
        _("Company holidays"),
        _("Of every year, such as 08-13..08-16, 06-01. Those at New Year in Japan are known."),
    )


class SpfForm(MonitorForm):
    kind = MonitorKind.SPF
    about = _("Compares where mail comes from with what the sender publishes by SPF")
    target_label = (_("Domain"), _("The one whose record lists the senders, such as _spf.google.com."))
    usual_interval = HOUR

    known_networks = lines(
        _("Networks that are known"),
        _("One on a line, such as 192.0.2.0/24. Taken as if they were published."),
    )
    hosts = lines(
        _("Names of the sender's hosts"),
        _("One on a line, such as 1e100.net. Only sources whose name ends so are judged. Empty: all."),
    )
    sender_domains = lines(
        _("Sender domains"), _("Sources that name another domain are not counted. Empty: all are.")
    )
    least_count = number(_("Least times that a network was seen"), initial=5)
    least_per_thousand = number(_("Least share of what came, in thousandths"), initial=5)
    window_hours = number(_("Hours that are looked back on"), initial=24)
    tell_changes = flag(_("A changed record alone counts as unstable"))

    more = ("hosts", "sender_domains", "least_count", "least_per_thousand", "window_hours", "tell_changes")


class UpstreamForm(MonitorForm):
    kind = MonitorKind.UPSTREAM
    about = _("Follows the status page of another and shows its state as a cause")
    target_label = (
        _("Status page"),
        _("In the form of Statuspage v2, such as https://www.githubstatus.com."),
    )
    usual_interval = 300

    component = line(_("Component"), _("Its name or id there. Empty: the whole page."))


FORMS: dict[str, type[MonitorForm]] = {
    form.kind: form
    for form in (
        *(HttpForm, HeartbeatForm, BaselineForm, MailRoundTripForm),
        *(SmtpForm, DnsForm, TlsForm, TcpForm, IcmpForm, SpfForm, UpstreamForm),
    )
}
