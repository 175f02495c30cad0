"""A report that is withdrawn while its notice goes out."""

from typing import Any

import pytest

from incidents.models import Delivery, Report
from incidents.notices import outbox
from incidents.notices.channel import Answer, Letter
from incidents.notices.channels.email import SmtpSender
from incidents.reports import issue
from tests import make
from tests.make_report import draft, issued, resolved
from tests.smtp import Sink

pytestmark = pytest.mark.django_db


def told_to(count: int) -> Report:
    incident = resolved()
    for _ in range(count):
        make.subscriber(incident.page)
    return issued(draft(incident), reach="audience")


def test_what_was_withdrawn_before_it_was_sent_is_not_sent(sink: Sink) -> None:
    issue.withdraw(told_to(2), because="誤り")
    assert outbox.deliver_due() == 0
    assert not sink.received


def test_what_is_withdrawn_while_it_is_sent_goes_to_nobody_else(sink: Sink, monkeypatch: Any) -> None:
    monkeypatch.setattr(outbox, "RECHECK_SECONDS", 0.0)
    report = told_to(3)

    class WithdrawnMeanwhile(SmtpSender):
        def send(self, letter: Letter) -> Answer:
            answer = super().send(letter)
            issue.withdraw(report, because="誤り")
            return answer

    assert outbox.deliver_due(open_sender=WithdrawnMeanwhile) == 1
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["cancelled", "cancelled", "sent"]
    assert len(sink.received) == 1


def test_a_later_edition_is_told_although_the_earlier_one_was_withdrawn(sink: Sink) -> None:
    report = issue.withdraw(told_to(1), because="誤り")
    issued(issue.begin_revision(report), reach="audience", changes="直しました。")
    assert outbox.deliver_due() == 1
    assert len(sink.received) == 1
