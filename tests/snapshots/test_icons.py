import pytest
from django.contrib.staticfiles import finders

from incidents.actions.service import set_status
from incidents.lib import times
from incidents.models import ServiceStatus
from incidents.snapshots.catalogue import find_file
from incidents.snapshots.icons import ADDRESS, FOLDER
from incidents.snapshots.presenting import icon
from incidents.snapshots.site import Site
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", ServiceStatus.values)
def test_the_icon_of_the_tab_shows_the_worst_state_and_nothing_known_once_publishing_stopped(
    status: str,
) -> None:
    page = make.page()
    set_status(make.service(page), status)
    make.service(page)
    file = find_file(Site(page, times.now()), ADDRESS)
    assert file
    assert file.body == (FOLDER / f"{status}.ico").read_bytes()
    assert file.stale == (FOLDER / "unknown.ico").read_bytes()
    front = find_file(Site(page, times.now()), "/")
    assert front and f'href="/static/{icon(status)}"' in front.body.decode()
    assert finders.find(icon(status))


def test_no_two_states_share_an_icon() -> None:
    icons = {(FOLDER / f"{status}.ico").read_bytes() for status in ServiceStatus.values}
    assert len(icons) == len(ServiceStatus.values)
