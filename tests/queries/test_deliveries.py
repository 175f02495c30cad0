from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from incidents.models import AudiencePart, Delivery, Notice, Page
from incidents.queries.deliveries import DomainProof, ReplyGroup, Waits, deliveries_after, prove
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Page:
    return make.page()


def notice_to(page: Page, *addresses: str) -> Notice:
    for address in addresses:
        make.subscriber(page, address)
    make.update(make.incident(page), notify=True)
    return Notice.objects.latest("pk")


def sent(notice: Notice, address: str, seconds: float) -> None:
    at = notice.due_at + timedelta(seconds=seconds)
    notice.deliveries.filter(subscriber__email=address).update(state="sent", sent_at=at, attempts=1)


def became(notice: Notice, address: str, **values: object) -> None:
    notice.deliveries.filter(subscriber__email=address).update(**values)


def test_mails_are_counted_by_what_became_of_them(page: Page) -> None:
    states = ("queued", "sending", "held", "failed", "parked", "expired", "cancelled")
    notice = notice_to(page, "retrying@a.example", "sent@a.example", *(f"{s}@a.example" for s in states))
    for state in states:
        became(notice, f"{state}@a.example", state=state)
    became(notice, "retrying@a.example", attempts=2)
    sent(notice, "sent@a.example", 1)
    AudiencePart.objects.update(expanded_at=None, size=4)
    counts = prove(notice).counts
    assert counts == {**dict.fromkeys([*states, "retrying", "sent"], 1), "unwritten": 4}


def test_waits_run_from_due_to_accepted_and_the_median_is_of_the_middle(page: Page) -> None:
    notice = notice_to(page, *(f"r{n}@a.example" for n in range(4)), "r@b.example")
    for number, seconds in enumerate((0.4, 2.0, 3.999, 90.5)):
        sent(notice, f"r{number}@a.example", seconds)
    sent(notice, "r@b.example", 600)
    proof = prove(notice)
    assert proof.waits == Waits(median=3, slowest=600)
    assert {row.domain: row.waits for row in proof.domains} == {
        "a.example": Waits(median=2, slowest=90),
        "b.example": Waits(median=600, slowest=600),
    }
    assert proof.first_sent_at == notice.due_at + timedelta(seconds=0.4)
    assert proof.last_sent_at == notice.due_at + timedelta(seconds=600)
    assert [d.reader.email for d in proof.slowest[:2]] == ["r@b.example", "r3@a.example"]


def test_domains_with_losses_come_first_then_the_largest(page: Page) -> None:
    notice = notice_to(page, "a@big.example", "b@big.example", "c@bad.example", "d@small.example")
    became(notice, "c@bad.example", state="failed")
    sent(notice, "a@big.example", 5)
    assert prove(notice).domains == (
        DomainProof("bad.example", total=1, lost=1),
        DomainProof("big.example", total=2, sent=1, waiting=1, waits=Waits(5, 5)),
        DomainProof("small.example", total=1, waiting=1),
    )


def test_the_servers_words_are_grouped_without_what_is_each_recipients_own(page: Page) -> None:
    notice = notice_to(page, "a@a.example", "b@a.example", "c@a.example")
    for name, queue_id in (("a", "4F2A9B"), ("b", "77C1D0")):
        words = f"5.1.1 <{name}@a.example>: User unknown (id {queue_id})"
        became(notice, f"{name}@a.example", state="failed", last_code="550", last_reply=words)
    became(notice, "c@a.example", attempts=1, last_code="451", last_reply="4.7.1 Greylisted")
    assert prove(notice).replies == (
        ReplyGroup("failed", "550", "5.1.1 …: User unknown (id …)", 2),
        ReplyGroup("retrying", "451", "4.7.1 Greylisted", 1),
    )


def test_a_notice_that_reached_nobody_has_no_waits(page: Page) -> None:
    proof = prove(notice_to(page))
    assert (proof.waits, proof.domains, proof.replies, proof.first_sent_at) == (None, (), (), None)


@pytest.mark.parametrize("readers", [1, 3])
def test_a_proof_costs_the_same_queries_for_any_audience(
    page: Page, readers: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    notice = notice_to(page, *(f"r{n}@a{n}.example" for n in range(readers)))
    Delivery.objects.update(state="failed")
    with django_assert_num_queries(5):
        prove(notice)


def test_deliveries_are_paged_without_gap_or_repeat(page: Page) -> None:
    notice = notice_to(page, *(f"r{n}@a.example" for n in range(5)))
    became(notice, "r1@a.example", state="failed")
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        rows, after = deliveries_after(notice, states=["queued"], after=after, most=2)
        seen += [row.reader.email for row in rows]
    assert seen == [f"r{n}@a.example" for n in (0, 2, 3, 4)]
