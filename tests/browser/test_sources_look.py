"""The screens of an SPF monitor and of an upstream, and what readers see of the latter."""

from datetime import timedelta

import pytest

from incidents.actions.monitor import set_monitor_charted
from incidents.actions.spf import Source
from incidents.lib import times
from incidents.models import Monitor, Page
from incidents.monitors.drifting import know_networks, take_sources
from tests import make
from tests.browser import desk
from tests.browser.conftest import HEIGHTS, OpenTab
from tests.browser.test_console_look import faults_of
from tests.console.test_sources_screen import publish, read

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTS: dict[str, list[object]] = {
    "192.0.2.7": ["mail-ot1-f7.unverified-forwarding.sender.example", True],
    "192.0.2.9": ["mail-ot1-f9.unverified-forwarding.sender.example", True],
    "2001:db8:f00:1234:5678:9abc:def0:1234": ["mail-v6.unverified-forwarding.sender.example", True],
}


@pytest.fixture
def watched(page: Page) -> tuple[Monitor, Monitor]:
    make.staff()
    service = make.service(page, slug="archive", name="メールアーカイブ")
    spf = make.monitor(
        service,
        "spf",
        name="転送元の IP アドレス",
        target="_spf.sender.example",
        interval_seconds=3600,
        status_when_failing="degraded",
    )
    now = times.now()
    with times.at(now - timedelta(days=9)):
        publish(spf, "198.18.0.0/16", "2001:db8:4000::/36")
    with times.at(now - timedelta(hours=5)):
        publish(spf, "198.18.0.0/16", "198.19.32.0/19", "2001:db8:4000::/36", hosts=HOSTS)
    know_networks(spf, ["203.0.113.0/24"])
    take_sources(
        spf,
        [
            Source("198.18.0.1", "accepted", now, 3000),
            *(Source(address, "refused", now - timedelta(hours=3), 240) for address in HOSTS),
            *(Source(f"192.0.2.{n}", "refused", now, 20) for n in range(100, 112)),
            Source("198.51.100.200", "refused", now, 2),
        ],
    )
    upstream = make.monitor(
        service, "upstream", name="例示クラウド", target="https://status.example.com", interval_seconds=300
    )
    read(upstream, "partial_outage")
    set_monitor_charted(upstream, True)
    return spf, upstream


@pytest.mark.parametrize("width", HEIGHTS)
def test_the_screens_fit_speak_japanese_and_hinder_nobody(
    open_tab: OpenTab, watched: tuple[Monitor, Monitor], width: int
) -> None:
    tab = open_tab("/console/", width=width)
    desk.sign_in(tab, "staff@example.com")
    spf, upstream = watched
    screens = {
        "sources": f"/console/services/archive/monitors/{spf.pk}/",
        "sources-edit": f"/console/services/archive/monitors/{spf.pk}/edit/",
        "upstream": f"/console/services/archive/monitors/{upstream.pk}/",
        "upstream-edit": f"/console/services/archive/monitors/{upstream.pk}/edit/",
        "service-upstream": "/console/services/archive/",
    }
    faults = []
    for name, address in screens.items():
        answer = tab.goto(address)
        assert answer and answer.status == 200, address
        faults += faults_of(tab, name, width=width)
    assert not faults


@pytest.mark.parametrize("width", HEIGHTS)
def test_what_an_upstream_reports_fits_the_public_page(
    open_tab: OpenTab, watched: tuple[Monitor, Monitor], width: int
) -> None:
    tab = open_tab("/", width=width)
    tab.get_by_text("「例示クラウド」の発表: 一部障害").first.wait_for()
    assert not [
        fault for fault in faults_of(tab, "public-upstream", width=width) if "not Japanese" not in fault
    ]
