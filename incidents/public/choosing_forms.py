"""What a subscriber may choose, as forms; and what was chosen, in words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext_lazy as _

from incidents.lib.addresses import clean_address
from incidents.lib.errors import Refused
from incidents.lib.languages import said_by
from incidents.models import Channel, Page, Stages, Subscriber, Wish, WishKind
from incidents.public.subscribing_forms import AddressForm
from incidents.queries.choices import (
    KINDS,
    Choices,
    GroupChoice,
    ServiceChoice,
    choices_of,
    open_follows,
    service_choices,
)

ALL, CHOSEN, NONE = "all", "chosen", "none"
KIND_NAMES = {
    "incidents": _("Incident updates"),
    "maintenance": _("Maintenance"),
    "reports": _("Incident reports"),
}


class ChoicesForm(forms.Form):
    """Language and zone, everything or some of it, and which notices of it."""

    language = forms.ChoiceField(
        error_messages={
            "required": _("Choose one of the page's languages."),
            "invalid_choice": _("Choose one of the page's languages."),
        }
    )
    time_zone = forms.ChoiceField(
        required=False, error_messages={"invalid_choice": _("Choose one of the time zones.")}
    )
    which = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose all services or some of them."),
            "invalid_choice": _("Choose all services or some of them."),
        },
    )
    groups = forms.TypedMultipleChoiceField(
        coerce=int, required=False, error_messages={"invalid_choice": _("Choose services from this page.")}
    )
    services = forms.TypedMultipleChoiceField(
        coerce=int, required=False, error_messages={"invalid_choice": _("Choose services from this page.")}
    )
    kinds = forms.MultipleChoiceField(
        choices=list(KIND_NAMES.items()),
        error_messages={
            "required": _("Choose at least one kind of notice."),
            "invalid_choice": _("Choose at least one kind of notice."),
        },
    )
    stages = forms.ChoiceField(
        choices=Stages.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose which updates you want."),
            "invalid_choice": _("Choose which updates you want."),
        },
    )

    def __init__(self, page: Page, *args: Any, may_be_none: bool = False, **kwargs: Any) -> None:
        """The names of the services are in the active language. `may_be_none`: of no service, for those who
        follow incidents."""
        super().__init__(*args, **kwargs)
        self.page = page
        self.tree = service_choices(page, language=get_language() or page.first_language)
        ways = [(ALL, _("Everything, also what is added later")), (CHOSEN, _("Only what I choose"))]
        if may_be_none:
            ways.append((NONE, _("Only the incidents that I follow")))
        _set_choices(self.fields["which"], ways)
        _set_choices(
            self.fields["language"], ((c, get_language_info(c)["name_local"]) for c in page.languages)
        )
        zones = dict.fromkeys((*_zones(), self.initial.get("time_zone") or "UTC"))
        _set_choices(self.fields["time_zone"], [("", page.time_zone), *((z, z) for z in zones)])
        every = list(_walk(self.tree))
        _set_choices(self.fields["groups"], ((str(g.pk), g.name) for g in every if g.pk is not None))
        _set_choices(
            self.fields["services"], ((str(s.pk), s.name) for group in every for s in group.services)
        )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        is_empty = not any(cleaned.get(name, True) for name in ("services", "groups"))
        if cleaned.get("which") == CHOSEN and is_empty:
            self.add_error("services", _("Choose at least one service, or all services."))
        return cleaned

    @property
    def choices(self) -> Choices:
        given = self.cleaned_data
        is_chosen = given["which"] == CHOSEN
        return Choices(
            language=given["language"],
            services=None if given["which"] == ALL else tuple(given["services"] if is_chosen else ()),
            groups=tuple(given["groups"]) if is_chosen else (),
            kinds=tuple(given["kinds"]),
            stages=given["stages"],
            time_zone=given["time_zone"],
        )

    @property
    def shown_tree(self) -> tuple["ShownGroup", ...]:
        services = {str(value) for value in self["services"].value() or []}
        groups = {str(value) for value in self["groups"].value() or []}
        return tuple(_shown(group, services, groups) for group in self.tree)

    @property
    def has_details_errors(self) -> bool:
        return any(name in self.errors for name in ("time_zone", "kinds", "stages"))


class SubscribeForm(ChoicesForm, AddressForm):
    def __init__(self, page: Page, *args: Any, **kwargs: Any) -> None:
        language = get_language() or page.first_language
        super().__init__(page, *args, initial=initial_of(Choices(language=language)), **kwargs)


class ManageForm(ChoicesForm):
    """`followed` are the ids of the follows that stay."""

    followed = forms.TypedMultipleChoiceField(coerce=int, required=False)
    new_email = forms.CharField(required=False, max_length=320)

    def __init__(self, page: Page, *args: Any, subscriber: Subscriber, **kwargs: Any) -> None:
        self.follows = open_follows(subscriber)
        initial = initial_of(choices_of(subscriber)) | {"followed": [follow.pk for follow in self.follows]}
        super().__init__(page, *args, may_be_none=bool(self.follows), initial=initial, **kwargs)
        if subscriber.channel != Channel.EMAIL:
            del self.fields["new_email"]
        _set_choices(self.fields["followed"], ((str(f.pk), str(f.pk)) for f in self.follows))

    def clean_new_email(self) -> str:
        typed = self.cleaned_data["new_email"]
        try:
            return clean_address(typed) if typed else ""
        except Refused as error:
            raise forms.ValidationError(str(error)) from None

    @property
    def unfollowed(self) -> list[int]:
        kept = set(self.cleaned_data["followed"])
        return [follow.pk for follow in self.follows if follow.pk not in kept]

    @property
    def shown_follows(self) -> list[dict[str, Any]]:
        language = get_language() or self.page.first_language
        kept = {str(pk) for pk in self["followed"].value() or []}
        return [
            {
                "pk": follow.pk,
                "title": said_by(
                    follow.incident, "title", language=language, first=follow.incident.page.first_language
                ).text,
                "reference": follow.incident.reference,
                "last_only": follow.last_only,
                "is_kept": str(follow.pk) in kept,
            }
            for follow in self.follows
        ]


@dataclass(frozen=True)
class ShownGroup:
    """A group as the form shows it: which of it is ticked."""

    pk: int | None
    name: str
    is_ticked: bool
    services: tuple[tuple[ServiceChoice, bool], ...]
    subgroups: "tuple[ShownGroup, ...]"


def described(wish: Wish, *, language: str) -> list[str]:
    """What the wish takes, so that its owner confirms nothing unseen."""
    if wish.kind == WishKind.FOLLOW and wish.incident is not None:
        first = wish.incident.page.first_language
        title = said_by(wish.incident, "title", language=language, first=first).text
        return [f"{title} ({wish.incident.reference})"]
    if wish.kind != WishKind.SUBSCRIBE:
        return []
    choices = Choices.from_json(wish.choices)
    return [*_described_services(wish, choices, language=language), *_described_kinds(choices)]


def _described_services(wish: Wish, choices: Choices, *, language: str) -> list[str]:
    if choices.services is None:
        return [str(_("Everything, also what is added later"))]
    every = list(_walk(service_choices(wish.subscriber.page, language=language)))
    all_of = _("All of %(name)s, also what is added later")
    groups = [str(all_of) % {"name": group.name} for group in every if group.pk in choices.groups]
    services = [s.name for group in every for s in group.services if s.pk in choices.services]
    return [*groups, *services]


def _described_kinds(choices: Choices) -> list[str]:
    """Nothing, where it is all of them."""
    kinds = [] if set(choices.kinds) == set(KINDS) else [str(KIND_NAMES[kind]) for kind in choices.kinds]
    return [*kinds, *([] if choices.stages == Stages.ALL else [str(Stages(choices.stages).label)])]


def initial_of(choices: Choices) -> dict[str, Any]:
    """What the form shows first."""
    which = ALL if choices.services is None else CHOSEN if choices.services or choices.groups else NONE
    return {
        "language": choices.language,
        "time_zone": choices.time_zone,
        "which": which,
        "services": list(choices.services or ()),
        "groups": list(choices.groups),
        "kinds": list(choices.kinds),
        "stages": choices.stages,
    }


def _walk(groups: Iterable[GroupChoice]) -> Iterator[GroupChoice]:
    for group in groups:
        yield group
        yield from _walk(group.subgroups)


def _shown(group: GroupChoice, services: set[str], groups: set[str]) -> ShownGroup:
    return ShownGroup(
        group.pk,
        group.name,
        str(group.pk) in groups,
        tuple((service, str(service.pk) in services) for service in group.services),
        tuple(_shown(inner, services, groups) for inner in group.subgroups),
    )


@lru_cache
def _zones() -> tuple[str, ...]:
    """By city, and UTC: the others are older names of these."""
    by_city = (zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return ("UTC", *sorted(by_city))


def _set_choices(field: forms.Field, choices: Iterable[tuple[str, Any]]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)
