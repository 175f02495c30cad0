"""Forms of a page's settings, look and readers, beside their views."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.look import LONGEST_FOOTER, LONGEST_LABEL, MOST_LINKS
from incidents.actions.page import LONGEST_HOLD_SECONDS, LONGEST_LETTERHEAD, LONGEST_PASSWORD
from incidents.console.fields import Lines
from incidents.console.translations import language_name
from incidents.lib.images import MAX_BYTES
from incidents.models import Page, Service, Visibility

LANGUAGE_SETS = [
    ("ja,en", "日本語・English"),
    ("en,ja", "English・日本語"),
    ("ja", "日本語"),
    ("en", "English"),
]
FONTS = [("sans", _("Sans serif")), ("rounded", _("Rounded")), ("serif", _("Serif"))]


class NewPageForm(forms.Form):
    name = forms.CharField(label=_("Name of the page"), max_length=100)
    organisation = forms.CharField(label=_("Organisation"), max_length=100)
    host = forms.CharField(
        label=_("Host"),
        max_length=253,
        help_text=_("The name that visitors ask for, such as status.example.com. Its DNS must lead here."),
    )
    time_zone = forms.CharField(
        label=_("Time zone"), max_length=64, initial="Asia/Tokyo", help_text=_("Such as Asia/Tokyo.")
    )
    languages = forms.ChoiceField(
        label=_("Languages"),
        choices=LANGUAGE_SETS,
        help_text=_("The first is at the page's own address, the other below it."),
    )

    def values(self) -> dict[str, Any]:
        return {**self.cleaned_data, "languages": self.cleaned_data["languages"].split(",")}


class SettingsForm(NewPageForm):
    reply_to = forms.CharField(
        label=_("Answers to mails go to"), max_length=254, required=False, help_text=_("A mail address.")
    )
    security_contact = forms.CharField(
        label=_("Contact for security matters"),
        max_length=300,
        required=False,
        help_text=_("mailto:… or https://…, published in security.txt."),
    )
    partial_outage_weight = forms.FloatField(
        label=_("Weight of a partial outage in uptime"),
        min_value=0,
        max_value=1,
        help_text=_("0 to 1: the share of its time that counts as down."),
    )
    hold_seconds = forms.IntegerField(
        label=_("Seconds that mails wait"),
        min_value=0,
        max_value=LONGEST_HOLD_SECONDS,
        help_text=_("Until then they can be taken back."),
    )
    four_eyes = forms.BooleanField(
        label=_("A report is issued once a second person approved it"), required=False
    )
    letterhead = forms.CharField(
        label=_("Letterhead of printed reports"),
        max_length=LONGEST_LETTERHEAD,
        required=False,
        widget=Lines(3),
        help_text=_("Such as address and telephone number; they stand under the organisation's name."),
    )

    def __init__(self, data: Any = None, *, page: Page) -> None:
        kept = {name: getattr(page, name) for name in self.base_fields if name != "languages"}
        super().__init__(data, initial={**kept, "languages": ",".join(page.languages)})


class LookForm(forms.Form):
    accent = forms.CharField(
        label=_("Colour of links and buttons"),
        max_length=7,
        required=False,
        help_text=_("Such as #1d4f91. It must be dark enough to be read on white."),
    )
    accent_dark = forms.CharField(
        label=_("The same on dark ground"),
        max_length=7,
        required=False,
        help_text=_("Empty: made lighter from the colour above."),
    )
    font = forms.ChoiceField(label=_("Type"), choices=FONTS, widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, page: Page) -> None:
        super().__init__(data, initial={"font": "sans", **page.theme, **_initial_texts(page)})
        self.page = page
        for code in page.languages:
            self.fields[f"footer_{code}"] = forms.CharField(
                label=language_name(code),
                max_length=LONGEST_FOOTER,
                required=False,
                widget=Lines(2),
            )
        for place in range(MOST_LINKS):
            self.fields[f"url_{place}"] = forms.CharField(label=_("Address"), max_length=2048, required=False)
            for code in page.languages:
                self.fields[f"label_{place}_{code}"] = forms.CharField(
                    label=language_name(code), max_length=LONGEST_LABEL, required=False
                )

    def footer_rows(self) -> Iterator[forms.BoundField]:
        return (self[f"footer_{code}"] for code in self.page.languages)

    def link_rows(self) -> Iterator[list[forms.BoundField]]:
        """Of each link the names by language, then the address."""
        for place in range(MOST_LINKS):
            names = [self[f"label_{place}_{code}"] for code in self.page.languages]
            yield [*names, self[f"url_{place}"]]

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        theme = {name: given[name] for name in ("accent", "accent_dark", "font") if given[name]}
        footer = {code: given[f"footer_{code}"] for code in self.page.languages}
        links = [link for place in range(MOST_LINKS) if (link := self._link(place))]
        return {"theme": theme, "footer": footer, "links": links}

    def _link(self, place: int) -> dict[str, Any] | None:
        """None for a row that was left empty."""
        given = self.cleaned_data
        label = {code: given[f"label_{place}_{code}"] for code in self.page.languages}
        url = given[f"url_{place}"]
        return {"label": label, "url": url} if url or any(label.values()) else None


class LogoForm(forms.Form):
    logo = forms.FileField(
        label=_("Picture"), help_text=_("PNG, JPEG, WebP or GIF of at most 5 MB. It is made to fit 800×200.")
    )

    def clean_logo(self) -> bytes:
        """One that is too large is not even read: an action refuses what is one byte over."""
        return bytes(self.cleaned_data["logo"].read(MAX_BYTES + 1))


class ReadersForm(forms.Form):
    visibility = forms.ChoiceField(
        label=_("Who may read"),
        choices=[(Visibility.PUBLIC, _("Everyone")), (Visibility.PRIVATE, _("Only these"))],
        widget=forms.RadioSelect,
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=LONGEST_PASSWORD,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Empty: it stays as it is. Another one ends every visit."),
    )
    no_password = forms.BooleanField(label=_("No password"), required=False)
    allowed_networks = forms.CharField(
        label=_("Networks"),
        required=False,
        widget=Lines(3),
        help_text=_("One a line, such as 192.0.2.0/24: visitors from there need no password."),
    )

    def __init__(self, data: Any = None, *, page: Page) -> None:
        kept = {"visibility": page.visibility, "allowed_networks": "\n".join(page.allowed_networks)}
        super().__init__(data, initial=kept)

    def values(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "visibility": given["visibility"],
            "allowed_networks": given["allowed_networks"].split(),
            "password": "" if given["no_password"] else given["password"] or None,
        }


class ShownServicesForm(forms.Form):
    services = forms.TypedMultipleChoiceField(
        label=_("Services of other pages"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, offered: Mapping[Page, list[Service]], chosen: list[int]) -> None:
        super().__init__(data, initial={"services": chosen})
        field = self.fields["services"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (page.name, [(service.pk, service.name) for service in services])
            for page, services in offered.items()
        ]


def _initial_texts(page: Page) -> dict[str, str]:
    texts = {f"footer_{code}": text for code, text in page.footer.items()}
    for place, link in enumerate(page.links[:MOST_LINKS]):
        texts[f"url_{place}"] = link["url"]
        texts |= {f"label_{place}_{code}": text for code, text in link["label"].items()}
    return texts
