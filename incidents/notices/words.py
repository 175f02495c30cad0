"""The words of mails, in each language: an explicit table, so that no mail depends on a compiled catalogue."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from incidents.models import RecoveryEstimate, ServiceStatus, Severity, Stage

FALLBACK_LANGUAGE = "en"


@dataclass(frozen=True)
class Words:
    """`{}` places are filled by `str.format`; `status`, `stage` and `severity` hold every value."""

    language: str
    salutation: str
    colon: str
    comma: str
    bar: str
    incident_tag: str
    resolved_tag: str
    step: str
    last_step: str
    report_tag: str
    measures_tag: str
    measures_intro: str
    first_intro: str
    next_intro: str
    resolved_intro: str
    report_intro: str
    title: str
    state: str
    was: str
    severity_label: str
    told_at: str
    changes: str
    no_changes: str
    services: str
    newly: str
    left_out: str
    concerned: str
    workaround: str
    next_update: str
    estimate: str
    about: str
    undecided: str
    report: str
    report_due: str
    recovered_at: str
    details: str
    number: str
    manage: str
    unsubscribe: str
    all_incidents: str
    last_only: str
    asked: str
    why: str
    already_subject: str
    already_intro: str
    already_action: str
    manage_subject: str
    manage_intro: str
    manage_action: str
    manage_ignore: str
    status: dict[str, str]
    stage: dict[str, str]
    severity: dict[str, str]
    only: dict[str, str]


JAPANESE = Words(
    language="ja",
    salutation="お客様各位",
    colon="：",
    comma="、",
    bar="／",
    incident_tag="【障害】",
    resolved_tag="【復旧】",
    step="【第{}報】",
    last_step="【第{}報・最終報】",
    report_tag="【障害報告書公開】",
    measures_tag="【再発防止策完了】",
    measures_intro="障害報告書でお知らせした再発防止策の実施が完了しましたので、お知らせいたします。",
    first_intro="下記のとおり障害が発生しております。ご迷惑をおかけしておりますことを、深くお詫び申し上げます。",
    next_intro="障害の状況について、下記のとおりお知らせいたします。",
    resolved_intro="下記の障害は復旧いたしました。ご迷惑をおかけしましたことを、深くお詫び申し上げます。",
    report_intro="下記の障害について、障害報告書を公開いたしました。",
    title="件名",
    state="状況",
    was="（前回：{}）",
    severity_label="深刻度",
    told_at="お知らせ日時",
    changes="前回からの変更点",
    no_changes="状況・対象サービスに変更はありません。",
    services="対象サービス",
    newly="（新たに対象に追加）",
    left_out="対象から除外",
    concerned="対象のお客様",
    workaround="お客様側での回避策・お願い",
    next_update="次回更新予定",
    estimate="復旧見込み",
    about="{}頃",
    undecided="未定",
    report="障害報告書",
    report_due="作成中（{}までに公開予定）",
    recovered_at="復旧日時",
    details="最新の状況",
    number="報告書番号",
    manage="配信内容の変更",
    unsubscribe="配信停止",
    all_incidents="障害・メンテナンスの一覧",
    last_only="この障害について、今後は復旧のお知らせだけを受け取る",
    asked="お申し込み日時：{}\nお申し込み元のネットワーク：{}",
    why="このメールは、「{}」のお知らせの配信登録をいただいたメールアドレスにお送りしています。",
    already_subject="【{}】すでに配信登録済みです",
    already_intro="「{}」のお知らせについて、配信登録のお申し込みを受け付けましたが、このメールアドレスはすでに登録されています。"
    "お手続きは不要です。",
    already_action="配信内容を変更する場合",
    manage_subject="【{}】配信内容の変更",
    manage_intro="「{}」のお知らせについて、配信内容を変更するページをご案内します。",
    manage_action="配信内容の変更（15分間有効、1回限り）",
    manage_ignore="お心当たりのない場合は、何もせずこのメールを破棄してください。登録内容は変わりません。",
    status={
        ServiceStatus.OPERATIONAL: "正常稼働中",
        ServiceStatus.DEGRADED: "性能低下",
        ServiceStatus.PARTIAL_OUTAGE: "一部障害",
        ServiceStatus.MAJOR_OUTAGE: "重大な障害",
        ServiceStatus.MAINTENANCE: "メンテナンス中",
        ServiceStatus.UNKNOWN: "状態不明（監視データなし）",
    },
    stage={
        Stage.INVESTIGATING: "調査中",
        Stage.IDENTIFIED: "原因特定",
        Stage.MONITORING: "経過観察中",
        Stage.RESOLVED: "復旧",
        Stage.POSTMORTEM: "障害報告書公開",
    },
    severity={Severity.MINOR: "軽微", Severity.MAJOR: "重大", Severity.CRITICAL: "致命的"},
    only={"ja": "日本語のみ", "en": "英語のみ"},
)

ENGLISH = Words(
    language="en",
    salutation="Dear customers,",
    colon=": ",
    comma=", ",
    bar=" / ",
    incident_tag="[Incident] ",
    resolved_tag="[Resolved] ",
    step="[Update {}] ",
    last_step="[Update {}, final] ",
    report_tag="[Incident report] ",
    measures_tag="[Measures completed] ",
    measures_intro="The permanent measures that our post-incident report announced have been carried out.",
    first_intro="We are experiencing the problem described below. We apologise for the trouble it causes.",
    next_intro="Here is the latest on the problem described below.",
    resolved_intro="The problem described below is resolved. We apologise for the trouble it caused.",
    report_intro="The report on the incident below has been published.",
    title="Subject",
    state="State",
    was=" (before: {})",
    severity_label="Severity",
    told_at="Published",
    changes="Changed since the last update",
    no_changes="State and affected services are unchanged.",
    services="Affected services",
    newly=" (newly affected)",
    left_out="no longer affected",
    concerned="Who is concerned",
    workaround="What you can do",
    next_update="Next update by",
    estimate="Estimated recovery",
    about="about {}",
    undecided="undecided",
    report="Post-incident report",
    report_due="being written, to be published by {}",
    recovered_at="Recovered",
    details="Latest state",
    number="Report number",
    manage="Change your choices",
    unsubscribe="Unsubscribe",
    all_incidents="All incidents and maintenance",
    last_only="Of this incident, tell me only when it is resolved",
    asked="Requested: {}\nFrom the network: {}",
    why="You receive this email because your address is subscribed to {}.",
    already_subject="[{}] You are already subscribed",
    already_intro="Someone asked to subscribe this address to {}, but it is already subscribed. "
    "There is nothing to do.",
    already_action="To change your choices",
    manage_subject="[{}] Change your choices",
    manage_intro="Here is the page where you can change what {} sends you.",
    manage_action="Change your choices (valid for 15 minutes, once)",
    manage_ignore="If you did not ask for this, do nothing: your subscription stays as it is.",
    status={
        ServiceStatus.OPERATIONAL: "Operational",
        ServiceStatus.DEGRADED: "Degraded performance",
        ServiceStatus.PARTIAL_OUTAGE: "Partial outage",
        ServiceStatus.MAJOR_OUTAGE: "Major outage",
        ServiceStatus.MAINTENANCE: "Under maintenance",
        ServiceStatus.UNKNOWN: "Unknown (no monitoring data)",
    },
    stage={
        Stage.INVESTIGATING: "Investigating",
        Stage.IDENTIFIED: "Identified",
        Stage.MONITORING: "Monitoring",
        Stage.RESOLVED: "Resolved",
        Stage.POSTMORTEM: "Post-incident report published",
    },
    severity={Severity.MINOR: "Minor", Severity.MAJOR: "Major", Severity.CRITICAL: "Critical"},
    only={"ja": "Japanese only", "en": "English only"},
)

_TABLE = {"ja": JAPANESE, "en": ENGLISH}
_ZONES_JA = {"Asia/Tokyo": "日本時間", "Japan": "日本時間", "UTC": "協定世界時", "Etc/UTC": "協定世界時"}
_WEEKDAYS = "月火水木金土日"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def words_for(language: str) -> Words:
    return _TABLE.get(language) or _TABLE[FALLBACK_LANGUAGE]


def write_time(instant: datetime, *, zone: ZoneInfo, language: str, today: date | None = None) -> str:
    """`12:46（日本時間）`, the zone always named; with the date unless that is `today` in the zone."""
    local = instant.astimezone(zone)
    clock = f"{local:%H:%M}"
    is_japanese = language == "ja"
    name = _zone_name(local, zone, is_japanese=is_japanese)
    clock += f"（{name}）" if is_japanese else f" {name}"
    if local.date() == today:
        return clock
    return f"{_write_date(local.date(), is_japanese=is_japanese)}{clock}"


def write_estimate(told: RecoveryEstimate, *, zone: ZoneInfo, words: Words, today: date | None = None) -> str:
    """18:00頃（日本時間）, 18:00 ～ 20:00（日本時間） or 未定; with the date unless that is `today`."""
    if told.from_at is None or told.until_at is None:
        return words.undecided
    if told.is_range:
        return write_window(told.from_at, told.until_at, zone=zone, language=words.language, today=today)
    start = write_time(told.from_at, zone=zone, language=words.language, today=today)
    clock = f"{told.from_at.astimezone(zone):%H:%M}"
    return start.replace(clock, words.about.format(clock))


def write_day(day: date, *, language: str) -> str:
    return _write_date(day, is_japanese=language == "ja").removesuffix(", ")


def write_window(
    from_at: datetime, until_at: datetime, *, zone: ZoneInfo, language: str, today: date | None = None
) -> str:
    """`2020年9月4日（金）02:00 ～ 04:00（日本時間）`: the day and the zone once where both ends share them; no day
    where the window begins `today`."""
    from_local, until_local = from_at.astimezone(zone), until_at.astimezone(zone)
    start = write_time(from_at, zone=zone, language=language, today=today)
    end = write_time(until_at, zone=zone, language=language, today=from_local.date())
    is_japanese = language == "ja"
    name, last = (_zone_name(local, zone, is_japanese=is_japanese) for local in (from_local, until_local))
    if name == last:
        start = start.removesuffix(f"（{name}）" if is_japanese else f" {name}")
    return f"{start} ～ {end}" if is_japanese else f"{start} – {end}"


def _write_date(day: date, *, is_japanese: bool) -> str:
    if is_japanese:
        return f"{day.year}年{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}, "


def _zone_name(local: datetime, zone: ZoneInfo, *, is_japanese: bool) -> str:
    """As the page names it; zones without letters of their own as UTC+07."""
    if is_japanese and zone.key in _ZONES_JA:
        return _ZONES_JA[zone.key]
    name = local.tzname() or zone.key
    return f"UTC{name}" if name[0] in "+-" else name
