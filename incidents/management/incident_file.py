"""Reads an incident file: what `replay` plays, as values. The form is described in docs/incident-files.md."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from incidents.lib.calendars import read_calendar
from incidents.lib.errors import Refused
from incidents.lib.networks import clean_networks
from incidents.management.incident_facts import (
    AnswerFacts,
    IncidentFile,
    LogFacts,
    MonitorFacts,
    PageFacts,
    PublishedFacts,
    ReportFacts,
    SeenFacts,
    SeriesFacts,
    ServiceFacts,
    SourceFacts,
    StaffFacts,
    UpdateFacts,
)
from incidents.management.toml_table import Table
from incidents.models import MonitorKind
from incidents.monitors.checkers.spf import clean_domain
from incidents.monitors.places import check_interval

STAGES = ("investigating", "identified", "monitoring", "resolved")
STATUSES = ("operational", "degraded", "partial_outage", "major_outage", "maintenance")
FAILING_STATUSES = ("degraded", "partial_outage", "major_outage")
SEVERITIES = ("minor", "major", "critical")
LOG_KINDS = ("finding", "detection", "enquiry", "action", "escalation", "reply")
MONITOR_KINDS = ("http", "heartbeat", "baseline", "spf")
STAFF_ACTIONS = ("publish_draft", "know_networks", "issue_report")
OUTCOMES = ("refused", "accepted")
ANSWER_KINDS = ("TXT", "A", "AAAA", "MX")
TRANSLATED = ("body", "concerned", "workaround")
LOG_SOURCES = ("staff", "monitor", "system")


def load(path: Path | str) -> IncidentFile:
    """The file's incident; raises Refused naming the table and field, and what was expected there."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"expected a readable file in UTF-8: {error}", field=str(path)) from error
    return parse(text)


def parse(text: str) -> IncidentFile:
    try:
        root = Table(tomllib.loads(text), "")
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"expected TOML: {error}") from error
    file = IncidentFile(
        title=root.text("title"),
        titles=root.keyed("titles", lambda titles, language: titles.text(language)),
        page=_page(root.table("page")),
        services=root.rows("services", _service, at_least=1),
        monitors=root.rows("monitors", _monitor),
        series=root.rows("series", _series),
        published=root.rows("published", _published),
        sources=root.rows("sources", _sources),
        staff=root.rows("staff", _staff),
        log=root.rows("log", _log),
        updates=root.rows("updates", _update),
        report=_report(root.table("report")) if root.has("report") else None,
    )
    root.end()
    _check_names(file)
    _check_course(file)
    return file


def _page(table: Table) -> PageFacts:
    zone = table.text("time_zone", default="Asia/Tokyo")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise table.refusal("time_zone", "an IANA time zone such as Asia/Tokyo") from error
    page = PageFacts(table.text("organisation"), zone, table.texts("languages", default=("ja", "en")))
    table.end()
    return page


def _service(table: Table) -> ServiceFacts:
    service = ServiceFacts(
        slug=table.matching("slug", r"[a-z0-9][a-z0-9-]{0,59}", "lower-case letters, digits and hyphens"),
        name=table.text("name"),
        code=table.matching("code", r"[A-Z]{2,8}", "2 to 8 capitals such as HEA"),
        group=table.text("group", default=""),
        description=table.text("description", default=""),
    )
    table.end()
    return service


def _monitor(table: Table) -> MonitorFacts:
    monitor = MonitorFacts(
        slug=table.matching("slug", r"[a-z0-9][a-z0-9-]{0,59}", "lower-case letters, digits and hyphens"),
        name=table.text("name"),
        kind=table.choice("kind", MONITOR_KINDS),
        service=table.text("service"),
        target=table.text("target", default=""),
        interval_seconds=table.whole("interval_seconds", at_least=10),
        status_when_failing=table.choice("status_when_failing", FAILING_STATUSES, default="degraded"),
        settings=table.free("settings"),
    )
    table.end()
    if monitor.kind == MonitorKind.BASELINE:
        _check_counted(monitor, table)
    return monitor


def _check_counted(monitor: MonitorFacts, table: Table) -> None:
    try:
        check_interval(monitor.interval_seconds)
        read_calendar(monitor.settings, zone="")
    except Refused as refused:
        raise table.refusal(refused.field, str(refused).removeprefix("expected ")) from refused


def _series(table: Table) -> SeriesFacts:
    """Either `points`, or in short `start`, `step_seconds` and `values`."""
    monitor = table.text("monitor")
    if table.has("points"):
        points = table.rows("points", _point, at_least=1)
    else:
        start, step = table.instant("start"), timedelta(seconds=table.whole("step_seconds", at_least=1))
        points = tuple((start + index * step, value) for index, value in enumerate(table.numbers("values")))
    table.end()
    table.check_order("points", [at for at, _ in points])
    return SeriesFacts(monitor, points)


def _point(table: Table) -> tuple[datetime, float]:
    point = (table.instant("at"), table.number("value"))
    table.end()
    return point


def _published(table: Table) -> PublishedFacts:
    published = PublishedFacts(
        table.text("monitor"), table.instant("at"), table.rows("answers", _answer, at_least=1)
    )
    table.end()
    return published


def _answer(table: Table) -> AnswerFacts:
    answer = AnswerFacts(
        name=table.text("name"),
        kind=table.choice("kind", ANSWER_KINDS, default="TXT"),
        records=table.texts("records", default=()),
        ttl=table.whole("ttl", at_least=0) if table.has("ttl") else 300,
    )
    table.end()
    return answer


def _sources(table: Table) -> SourceFacts:
    """Either `seen`, or in short `start`, `step_seconds`, `address` and `counts`."""
    monitor = table.text("monitor")
    if table.has("seen"):
        sources = SourceFacts(monitor, table.rows("seen", _seen, at_least=1))
        table.end()
        table.check_order("seen", [one.at for one in sources.seen], strictly=False)
        return sources
    start, step = table.instant("start"), timedelta(seconds=table.whole("step_seconds", at_least=1))
    address, outcome = table.address("address"), table.choice("outcome", OUTCOMES, default=OUTCOMES[0])
    counts = table.wholes("counts")
    table.end()
    stamps = [start + index * step for index in range(len(counts))]
    seen = (
        SeenFacts(at, at - step, address, outcome, count)
        for at, count in zip(stamps, counts, strict=True)
        if count
    )
    return SourceFacts(monitor, tuple(seen))


def _seen(table: Table) -> SeenFacts:
    at = table.instant("at")
    seen = SeenFacts(
        told_at=at,
        at=at,
        address=table.address("address"),
        outcome=table.choice("outcome", OUTCOMES, default=OUTCOMES[0]),
        count=table.whole("count", at_least=1) if table.has("count") else 1,
    )
    table.end()
    return seen


def _staff(table: Table) -> StaffFacts:
    at, action = table.instant("at"), table.choice("action", STAFF_ACTIONS)
    staff = StaffFacts(at, action)
    if action == "know_networks":
        networks = table.texts("networks", default=())
        try:
            known = clean_networks(networks)
        except Refused as refused:
            raise table.refusal("networks", str(refused).removeprefix("expected ")) from refused
        staff = StaffFacts(at, action, table.text("monitor"), tuple(known))
    table.end()
    return staff


def _log(table: Table) -> LogFacts:
    at = table.instant("at")
    entry = LogFacts(
        at=at,
        recorded_at=table.instant("recorded_at") if table.has("recorded_at") else at,
        kind=table.choice("kind", LOG_KINDS),
        text=table.text("text"),
    )
    table.end()
    if entry.recorded_at < at:
        raise table.refusal("recorded_at", "an instant not before the entry's own")
    return entry


def _update(table: Table) -> UpdateFacts:
    update = UpdateFacts(
        at=table.instant("at"),
        stage=table.choice("stage", STAGES),
        body=table.text("body"),
        services=table.mapping("services", STATUSES),
        severity=table.choice("severity", SEVERITIES) if table.has("severity") else None,
        concerned=table.optional_text("concerned"),
        workaround=table.optional_text("workaround"),
        next_update_at=table.optional_instant("next_update_at"),
        recovered_at=table.optional_instant("recovered_at"),
        estimate_from=table.optional_instant("estimate_from"),
        estimate_until=table.optional_instant("estimate_until"),
        estimate_undecided=table.flag("estimate_undecided", default=False),
        texts=table.keyed("texts", lambda texts, language: _translation(texts.table(language))),
        joined=table.flag("joined", default=False),
    )
    table.end()
    _check_estimate(update, table)
    if update.next_update_at and update.next_update_at <= update.at:
        raise table.refusal("next_update_at", "an instant after the update's own")
    if update.recovered_at and (update.stage != "resolved" or update.recovered_at > update.at):
        raise table.refusal("recovered_at", "an instant not after an update that resolves, and on such a one")
    return update


def _translation(table: Table) -> dict[str, str]:
    texts = {name: table.text(name) for name in TRANSLATED if table.has(name)}
    table.end()
    return texts


def _check_estimate(update: UpdateFacts, table: Table) -> None:
    told = update.estimate_from or update.estimate_until
    if told and update.estimate_undecided:
        raise table.refusal("estimate_undecided", "either a time or nothing decided")
    if update.estimate_until and not update.estimate_from:
        raise table.refusal("estimate_from", "the beginning of the estimate")
    if update.estimate_from and update.estimate_from <= update.at:
        raise table.refusal("estimate_from", "an instant after the update's own")
    if update.estimate_from and update.estimate_until and update.estimate_until < update.estimate_from:
        raise table.refusal("estimate_until", "an instant not before estimate_from")


def _report(table: Table) -> ReportFacts:
    report = ReportFacts(
        subject=table.text("subject"),
        period_from=table.instant("period_from"),
        period_until=table.optional_instant("period_until"),
        from_is_approximate=table.flag("from_is_approximate", default=True),
        until_is_approximate=table.flag("until_is_approximate", default=True),
        what_happened=table.text("what_happened"),
        scope=table.text("scope"),
        cause=table.text("cause"),
        measures=table.text("measures"),
        leave_out=table.texts("leave_out", default=(), choices=LOG_SOURCES),
    )
    table.end()
    if report.period_until and report.period_until < report.period_from:
        raise table.refusal("period_until", "an instant not before period_from")
    return report


def _check_names(file: IncidentFile) -> None:
    """Every slug once, and every name that is used is one that is defined."""
    services = _once("services", [service.slug for service in file.services])
    monitors = _once("monitors", [monitor.slug for monitor in file.monitors])
    _known("monitors", "service", [monitor.service for monitor in file.monitors], services)
    _known("series", "monitor", [series.monitor for series in file.series], monitors)
    spf = {monitor.slug for monitor in file.monitors if monitor.kind == "spf"}
    _known("published", "monitor", [published.monitor for published in file.published], spf)
    _known("sources", "monitor", [sources.monitor for sources in file.sources], spf)
    for index, action in enumerate(file.staff):
        if action.action == "know_networks" and action.monitor not in spf:
            raise Refused(_expected_one_of(spf, action.monitor), field=f"staff[{index}].monitor")
    for index, monitor in enumerate(file.monitors):
        if monitor.kind == "spf":
            clean_domain(monitor.target, field=f"monitors[{index}].target")
    for index, update in enumerate(file.updates):
        for slug in update.services or ():
            if slug not in services:
                raise Refused(_expected_one_of(services, slug), field=f"updates[{index}].services")


def _once(table: str, slugs: list[str]) -> set[str]:
    for index, slug in enumerate(slugs):
        if slug in slugs[:index]:
            raise Refused(f"expected each slug once; {slug} stands twice", field=f"{table}[{index}].slug")
    return set(slugs)


def _known(table: str, field: str, used: list[str], known: set[str]) -> None:
    for index, slug in enumerate(used):
        if slug not in known:
            raise Refused(_expected_one_of(known, slug), field=f"{table}[{index}].{field}")


def _expected_one_of(known: set[str], got: str) -> str:
    return f"expected one of {', '.join(sorted(known)) or 'none, as none is defined'}, not {got!r}"


def _check_course(file: IncidentFile) -> None:
    """In order; the draft is published by the first update; the report is issued where there is one."""
    _in_order("staff", [action.at for action in file.staff])
    _in_order("log", [entry.at for entry in file.log])
    _in_order("updates", [update.at for update in file.updates])
    for index, update in enumerate(file.updates[:-1]):
        if update.stage == "resolved":
            raise Refused("expected only the last update to resolve", field=f"updates[{index}].stage")
    for index, update in enumerate(file.updates):
        if update.stage == "resolved" and (update.estimate_from or update.estimate_undecided):
            raise Refused("expected no estimate in an update that resolves", field=f"updates[{index}].stage")
    for index, action in enumerate(file.staff):
        field = f"staff[{index}]"
        if action.action == "publish_draft" and [u.at for u in file.updates[:1]] != [action.at]:
            raise Refused("expected the instant of the first of [[updates]]", field=f"{field}.at")
        if action.action == "issue_report" and file.report is None:
            raise Refused("expected a table [report] with what is to be issued", field=f"{field}.action")


def _in_order(table: str, instants: list[datetime]) -> None:
    for index in range(1, len(instants)):
        if instants[index] < instants[index - 1]:
            raise Refused(
                "expected an instant not before that of the row above", field=f"{table}[{index}].at"
            )
