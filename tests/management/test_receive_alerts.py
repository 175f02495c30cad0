"""Alerts by mail: a mail server pipes each into a process of its own."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from incidents.actions.alert import create_source, keep_event, rotate_secret
from incidents.alerts.addresses import address_of
from incidents.alerts.intake import take_events
from incidents.lib import times
from incidents.models import Alert, AlertEvent, AlertSource, Incident, IncidentState, Page
from tests import make
from tests.faults.scene import database_url
from tests.make_returned import BOUNCE_DOMAIN, told
from tests.management.test_receive_mail import run
from tests.returned import FOLDER, returned_mail

PROBLEM = "** PROBLEM Service Alert: web1/HTTP is CRITICAL **"
RECOVERY = "** RECOVERY Service Alert: web1/HTTP is OK **"

Receive = Callable[..., str]


@pytest.fixture
def page(db: None) -> Page:
    return make.page()


@pytest.fixture
def source(page: Page, settings: Settings) -> AlertSource:
    settings.BOUNCE_DOMAIN = "alerts.example"
    return create_source(page, name="Nagios", kind="mail", service=make.service(page))


def mail(source: AlertSource, subject: str, text: str = "State: x\n", **headers: str) -> bytes:
    made = EmailMessage()
    made["From"] = "Nagios <nagios@monitoring.example>"
    made["To"] = address_of(source)
    made["Subject"] = subject
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return bytes(made)


@pytest.fixture
def receive(monkeypatch: pytest.MonkeyPatch) -> Receive:
    def receive(raw: bytes, *recipients: str) -> str:
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(raw)))
        told = StringIO()
        call_command("receive_mail", recipient=list(recipients), stdout=told)
        take_events()
        return told.getvalue()

    return receive


def drafts() -> int:
    return Incident.objects.filter(state=IncidentState.DRAFT).count()


def test_an_alert_opens_a_draft_and_its_end_closes_it(source: AlertSource, receive: Receive) -> None:
    assert receive(mail(source, PROBLEM, Message_ID="<1@nagios>")) == "an alert\n"
    assert drafts() == 1
    assert Alert.objects.get().severity == "critical"
    assert receive(mail(source, RECOVERY, Message_ID="<2@nagios>")) == "an alert\n"
    assert drafts() == 0


def test_the_same_message_again_is_the_same_event(source: AlertSource, receive: Receive) -> None:
    for number, message_id in enumerate(("<1@nagios>", "", "<" + "x" * 500 + "@nagios>")):
        raw = mail(source, f"{PROBLEM} {number}", **({"Message_ID": message_id} if message_id else {}))
        assert [receive(raw), receive(b"Received: again\n" + raw)] == [
            "an alert\n",
            "an alert that came before\n",
        ]


def test_a_repeat_of_what_goes_on_opens_nothing_more(source: AlertSource, receive: Receive) -> None:
    for number in range(3):
        receive(mail(source, PROBLEM, Message_ID=f"<{number}@nagios>"))
    assert (Alert.objects.count(), drafts()) == (1, 1)


def test_a_beginning_that_was_held_up_on_its_way_opens_nothing(source: AlertSource, receive: Receive) -> None:
    now = datetime.now(UTC)
    at = [format_datetime(now - timedelta(minutes=minutes)) for minutes in (30, 20, 25)]
    receive(mail(source, PROBLEM, Date=at[0], Message_ID="<1@n>"))
    receive(mail(source, RECOVERY, Date=at[1], Message_ID="<2@n>"))
    receive(mail(source, PROBLEM, Date=at[2], Message_ID="<3@n>"))
    assert (Alert.objects.count(), drafts()) == (1, 0)


@pytest.mark.parametrize(
    "date", ["Mon, 01 Jan 1990 00:00:00 +0000", "Fri, 01 Jan 2100 00:00:00 +0000", "gestern", ""]
)
def test_a_clock_that_is_far_off_is_not_believed(source: AlertSource, receive: Receive, date: str) -> None:
    receive(mail(source, PROBLEM, Date=date, Message_ID="<1@n>"))
    assert abs(Alert.objects.get().started_at - times.now()) < timedelta(minutes=1)
    receive(mail(source, RECOVERY, Date=date, Message_ID="<2@n>"))
    assert drafts() == 0


def test_the_envelopes_recipient_counts_whatever_the_headers_say(
    source: AlertSource, receive: Receive
) -> None:
    raw = f"Subject: {PROBLEM}\nTo: ops@example.com\n\n".encode()
    assert receive(raw, address_of(source).upper()) == "an alert\n"


def test_an_address_that_is_not_the_sources_own_admits_nothing(
    source: AlertSource, page: Page, receive: Receive
) -> None:
    other = create_source(page, name="Other", kind="pingdom", service=source.service)
    address = address_of(source)
    proof = address.partition(".")[2].partition("@")[0]
    for forged in (
        address.replace(proof, "a" * 16),
        address.replace(proof, proof[:-1]),
        address.replace(source.public_id.hex, other.public_id.hex),
        address.replace(source.public_id.hex, "0" * 32),
        address_of(other),
        address.replace("alerts+", "b+"),
    ):
        raw = f"Subject: {PROBLEM}\nTo: {forged}\n\n".encode()
        assert receive(raw) == "not to a return path of ours\n", forged
    assert not AlertEvent.objects.exists()


def test_an_address_ends_a_week_after_its_secret_was_changed(source: AlertSource, receive: Receive) -> None:
    before = mail(source, PROBLEM)
    source = rotate_secret(source)
    assert receive(before) == receive(mail(source, RECOVERY)) == "an alert\n"
    with times.at(times.now() + timedelta(days=8)):
        assert receive(before) == "not to a return path of ours\n"


def test_html_alone_is_read_as_its_words(source: AlertSource, receive: Receive) -> None:
    made = EmailMessage()
    made["To"], made["Subject"] = address_of(source), "Monitoring"
    body = "<style>.down { color: red }</style><p>Status: <b>UP</b><br>Host: web1</p><script>DOWN</script>"
    made.set_content(body, subtype="html")
    assert receive(bytes(made)) == "an alert\n"
    (heard,) = AlertEvent.objects.get().heard
    assert (heard["firing"], heard["labels"]["host"]) == (False, "web1")


@pytest.mark.parametrize(
    "head",
    [
        b"Subject: =?no-such-charset?B?////?= PROBLEM web1",
        b"Subject: PROBLEM \xff\xfe web1",
        b"Subject: PROBLEM web1\nContent-Type: text/plain; charset=no-such-charset",
        b"Subject: PROBLEM web1\nContent-Type: multipart/mixed; boundary=x\n\n--x",
        b"Subject: PROBLEM web1\nContent-Transfer-Encoding: base64",
        b"Subject: PROBLEM web1\nDate: \xff",
        "Subject: PROBLEM 障害 web1".encode("iso-2022-jp"),
    ],
)
def test_an_odd_mail_is_read_as_far_as_it_goes(source: AlertSource, receive: Receive, head: bytes) -> None:
    raw = head + f"\nTo: {address_of(source)}\n\n".encode() + b"\xff\x00 text" * 100
    assert receive(raw, address_of(source)) == "an alert\n"
    assert drafts() == 1


def test_of_a_huge_mail_the_beginning_is_read(source: AlertSource, receive: Receive) -> None:
    raw = mail(source, PROBLEM) + b"x" * 3_000_000
    assert receive(raw) == "an alert\n"


def test_a_mail_nested_beyond_reason_is_survived(source: AlertSource, receive: Receive) -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5_000))
    raw = f"Subject: {PROBLEM}\nTo: {address_of(source)}\n".encode() + deep
    assert receive(raw) == "an alert\n"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.eml")))
def test_what_came_back_is_no_alert(source: AlertSource, receive: Receive, name: str) -> None:
    raw = returned_mail(name, recipient=address_of(source))
    assert receive(raw) != "an alert\n"
    assert not AlertEvent.objects.exists()


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Auto_Submitted": "auto-replied"}, "an automatic reply, not an alert\n"),
        ({"X_Autoreply": "yes"}, "an automatic reply, not an alert\n"),
        ({"Precedence": "auto_reply"}, "an automatic reply, not an alert\n"),
        ({"Auto_Submitted": "auto-generated", "Precedence": "bulk"}, "an alert\n"),
    ],
)
def test_a_machine_may_write_but_not_answer(
    source: AlertSource, receive: Receive, headers: dict[str, str], said: str
) -> None:
    assert receive(mail(source, PROBLEM, **headers)) == said


def test_a_mail_that_goes_in_circles_is_let_go(source: AlertSource, receive: Receive) -> None:
    assert receive(b"Received: x\n" * 51 + mail(source, PROBLEM)) == "a mail that goes in circles\n"


def test_a_notice_of_our_own_opens_nothing(source: AlertSource, page: Page, receive: Receive) -> None:
    make.subscriber(page)
    (delivery,) = told(page)
    raw = mail(source, "【障害】検索", Message_ID=f"<{delivery.public_id}@status.example.com>")
    assert receive(raw) == "a mail of our own, not an alert\n"


def test_a_source_that_is_switched_off_swallows_its_mails(source: AlertSource, receive: Receive) -> None:
    AlertSource.objects.update(enabled=False)
    assert receive(mail(source, PROBLEM)) == "its source is switched off\n"
    assert not AlertEvent.objects.exists()


def test_without_a_word_of_state_nothing_changes(source: AlertSource, receive: Receive) -> None:
    said = receive(mail(source, "Weekly report"))
    assert said == "no word in it says that something fires or is over\n"


def test_nothing_of_a_mails_text_is_kept_but_its_fields(source: AlertSource, receive: Receive) -> None:
    receive(
        mail(source, PROBLEM + " https://u:hunter2@db/", "Host: web1\nPassword: hunter2\nhunter2 in prose\n")
    )
    assert "hunter2" not in repr(AlertEvent.objects.get().heard) + Alert.objects.get().title


def test_beyond_ten_a_second_the_mail_server_keeps_them(source: AlertSource, receive: Receive) -> None:
    with times.at(times.now()):
        for _ in range(10):
            keep_event(source, [])
        with pytest.raises(CommandError) as refused:
            receive(mail(source, PROBLEM))
    assert refused.value.returncode == os.EX_TEMPFAIL


def test_a_source_of_mail_is_told_by_its_address(
    page: Page, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.BOUNCE_DOMAIN = BOUNCE_DOMAIN
    service = make.service(page)
    call_command("create_source", "Nagios", format="mail", service=service.slug)
    (address,) = capsys.readouterr().out.split()
    assert address == address_of(AlertSource.objects.get())
    assert len(address.partition("@")[0]) <= 64


@pytest.mark.django_db(transaction=True)
def test_from_a_mail_server_to_a_draft_and_back(
    source: AlertSource, settings: Settings, tmp_path: Path
) -> None:
    """Processes of their own, as a mail server starts them."""
    values = {
        "DATABASE_URL": database_url(),
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": settings.SECRET_KEY,
        "ORIGINAL_RECIPIENT": address_of(source),
    }
    first = run(stdin=f"Subject: {PROBLEM}\nMessage-ID: <1@n>\n\nHost: web1\n".encode(), **values)
    assert (first.returncode, first.stdout) == (0, b"an alert\n")
    take_events()
    draft = Incident.objects.get(state=IncidentState.DRAFT)
    assert [impact.status for impact in draft.impacts.all()] == ["major_outage"]
    hostile = run(stdin=b"Subject: \xff\xfe" + b"\x00" * 2_000_000, **values)
    assert (hostile.returncode, hostile.stdout.count(b"\n"), hostile.stderr) == (0, 1, b"")
    last = run("--verbosity", "0", stdin=f"Subject: {RECOVERY}\nMessage-ID: <2@n>\n\n".encode(), **values)
    assert (last.returncode, last.stdout) == (0, b"")
    take_events()
    assert drafts() == 0


def test_a_mapping_that_cannot_be_read_keeps_the_mail_at_its_server(
    source: AlertSource, receive: Receive
) -> None:
    AlertSource.objects.update(mapping={"key": "("})
    with pytest.raises(CommandError, match="key: expected a regular expression") as refused:
        receive(mail(source, PROBLEM))
    assert refused.value.returncode == os.EX_TEMPFAIL
