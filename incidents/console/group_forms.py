"""Where services and groups stand, and what they are called in each language."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.console.translations import add_translations, written_texts
from incidents.models import Page, Service, ServiceGroup
from incidents.queries.groups import all_groups

NAMED = ("name", "description")
INDENT = "　"


class NamedForm(forms.Form):
    """A name and a description, in every language of the page."""

    name = forms.CharField(label=_("Name"), max_length=100)
    description = forms.CharField(label=_("Description"), max_length=300, required=False)
    languages: list[str]

    def add_languages(self, page: Page, row: Service | ServiceGroup | None) -> None:
        self.languages = page.languages[1:]
        add_translations(self, NAMED, languages=self.languages, texts=row.texts if row else {})

    def translated_fields(self) -> list[forms.BoundField]:
        return [self[f"{name}_{language}"] for language in self.languages for name in NAMED]

    def texts(self) -> dict[str, dict[str, str]]:
        return written_texts(self.cleaned_data, NAMED, languages=self.languages)


class GroupForm(NamedForm):
    is_collapsed = forms.BooleanField(label=_("Folded while everything in it is operational"), required=False)

    def __init__(self, data: Any = None, *, page: Page, group: ServiceGroup | None = None) -> None:
        super().__init__(data, initial=_initial(group, "is_collapsed"))
        self.add_languages(page, group)
        self.fields["parent"] = GroupChoice(
            label=_("Stands in"), page=page, initial=group.parent_id if group else None, but=group
        )

    def values(self) -> dict[str, Any]:
        names = ("name", "description", "is_collapsed", "parent")
        return {**{name: self.cleaned_data[name] for name in names}, "texts": self.texts()}


class ServiceForm(NamedForm):
    def __init__(self, data: Any = None, *, page: Page, service: Service) -> None:
        super().__init__(data, initial=_initial(service))
        self.add_languages(page, service)
        self.fields["group"] = GroupChoice(label=_("Group"), page=page, initial=service.group_id)

    def values(self) -> dict[str, Any]:
        names = ("name", "description", "group")
        return {**{name: self.cleaned_data[name] for name in names}, "texts": self.texts()}


class GroupChoice(forms.TypedChoiceField):
    """One of the page's groups, shown as a tree, or none."""

    def __init__(
        self, *, page: Page, initial: int | None, label: Any, but: ServiceGroup | None = None
    ) -> None:
        rows = all_groups(page)
        self.groups = {group.pk: group for group, _depth in rows}
        choices = [(group.pk, INDENT * depth + group.name) for group, depth in rows if group != but]
        super().__init__(
            label=label,
            choices=[("", _("None, at the top")), *choices],
            coerce=lambda pk: self.groups[int(pk)],
            empty_value=None,
            required=False,
            initial=initial,
        )


def _initial(row: Service | ServiceGroup | None, *more: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (*NAMED, *more)} if row else {}
