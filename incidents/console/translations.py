"""Form fields for the page's other languages, beside those of its first."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from incidents.console.preview import preview_of
from incidents.lib.languages import Texts


@dataclass(frozen=True)
class Translation:
    """The fields of one language, by the name of the field beside which they stand."""

    language: str
    name: str
    fields: Mapping[str, forms.BoundField]

    @property
    def is_wrong(self) -> bool:
        return any(field.errors for field in self.fields.values())

    @property
    def is_written(self) -> bool:
        return any(field.value() for field in self.fields.values())

    @property
    def preview(self) -> str:
        """Safe HTML of the body."""
        return preview_of(self.fields["body"].value() or "")


def add_translations(
    form: forms.Form, names: Iterable[str], *, languages: Iterable[str], texts: Texts
) -> None:
    """Beside each of these fields one for every language (`title_en` beside `title`), none of them required."""
    for language in languages:
        for name in names:
            field = deepcopy(form.fields[name])
            label = {"label": field.label, "language": language_name(language)}
            field.label = _("%(label)s (%(language)s)") % label
            field.help_text = ""
            field.required = field.widget.is_required = False
            field.widget.attrs["lang"] = language
            form.fields[f"{name}_{language}"] = field
            form.initial.setdefault(f"{name}_{language}", texts.get(language, {}).get(name, ""))


def translations_of(
    form: forms.Form, names: Iterable[str], *, languages: Iterable[str]
) -> Iterator[Translation]:
    names = list(names)
    for language in languages:
        fields = {name: form[f"{name}_{language}"] for name in names}
        yield Translation(language, language_name(language), fields)


def written_texts(
    cleaned: Mapping[str, Any], names: Iterable[str], *, languages: Iterable[str]
) -> dict[str, dict[str, str]]:
    """{language: {field: text}}; what was left empty is an empty text."""
    names = list(names)
    return {
        language: {name: cleaned.get(f"{name}_{language}", "") for name in names} for language in languages
    }


def language_name(language: str) -> str:
    """As its own speakers call it."""
    return str(get_language_info(language)["name_local"])
