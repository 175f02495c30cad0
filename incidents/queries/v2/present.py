"""What every document of one publication shares: the page in one language, its services as they are now."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from incidents.lib.ids import short_id
from incidents.models import Page
from incidents.queries.groups import group_facts
from incidents.queries.page import Overview
from incidents.queries.service import ServiceView
from incidents.queries.telling import Place
from incidents.queries.v2.components import Components, Object, components_of
from incidents.queries.v2.indicator import indicate
from incidents.queries.v2.stamps import stamp, stamp_or_none


@dataclass(frozen=True)
class Present:
    """`overview` may be the greyed one: then everything here says so."""

    edition: Place
    overview: Overview

    @property
    def page(self) -> Page:
        return self.edition.page

    @property
    def services(self) -> tuple[ServiceView, ...]:
        return tuple(service for group in self.overview.groups for service in group.services)

    @cached_property
    def components(self) -> Components:
        groups = group_facts(s.group_id for s in self.services if s.group_id is not None)
        return components_of(self.page, self.services, groups)

    def page_object(self) -> Object:
        return {
            "id": short_id("page", self.page.pk),
            "name": self.page.name,
            "url": self.edition.url(""),
            "time_zone": self.page.time_zone,
            "updated_at": stamp(self.page.updated_at, self.page.zone),
        }

    def status_object(self) -> Object:
        found = indicate(service.status for service in self.services)
        return {"indicator": found.indicator, "description": found.description}

    def age(self, *, now: datetime) -> Object:
        """The newest result of a monitor, and when the first service that is known by monitors becomes
        unknown unless another comes: past where none is known. Null where nothing watches."""
        watched = [(s.is_stale, s.stale_after) for s in self.services if s.stale_after]
        stale_after = min((at for is_stale, at in watched if not is_stale), default=None)
        past = max((min(at, now) for _, at in watched), default=None)
        return {
            "x_data_as_of": stamp_or_none(self.overview.data_as_of, self.page.zone),
            "x_stale_after": stamp_or_none(stale_after or past, self.page.zone),
        }
