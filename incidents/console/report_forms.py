"""What people write in a report, and what becomes of each line of its timeline."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.report_text import MOST_PARTIES
from incidents.actions.report_words import MOST_CHARACTERS, OF_TEMPLATES
from incidents.console.fields import InstantField, Lines
from incidents.console.translations import add_translations, language_name
from incidents.lib.images import MAX_BYTES
from incidents.models import Edition, Page, Report, ReportTemplate
from incidents.reports.editing import Edit, Key, shown, value_of

SECTIONS = ("what_happened", "scope", "cause", "measures")
MARKDOWN = ("greeting", "apology", *SECTIONS)
PROSE = ("organisation", "subject", *MARKDOWN)
FACTS = ("edition", "period_from", "from_is_approximate", "period_until", "until_is_approximate")


class ReportForm(forms.Form):
    """The texts of a draft in its first language and, as `cause_en`, in others; beside each field stands what it
    was when it was shown, as `base_cause`."""

    organisation = forms.CharField(label=_("Organisation"), max_length=100)
    edition = forms.ChoiceField(label=_("Edition"), choices=Edition.choices)
    subject = forms.CharField(
        label=_("Subject"), max_length=150, help_text=_("The title is the service's name and this.")
    )
    greeting = forms.CharField(
        label=_("Greeting"), required=False, max_length=MOST_CHARACTERS, widget=Lines(2)
    )
    apology = forms.CharField(label=_("Apology"), required=False, max_length=MOST_CHARACTERS, widget=Lines(2))
    what_happened = forms.CharField(
        label=_("What happened"), required=False, max_length=MOST_CHARACTERS, widget=Lines(6)
    )
    from_is_approximate = forms.BooleanField(label=_("The beginning is approximate"), required=False)
    until_is_approximate = forms.BooleanField(label=_("The end is approximate"), required=False)
    scope = forms.CharField(
        label=_("Scope of the impact"), required=False, max_length=MOST_CHARACTERS, widget=Lines(4)
    )
    cause = forms.CharField(label=_("Cause"), required=False, max_length=MOST_CHARACTERS, widget=Lines(6))
    measures = forms.CharField(
        label=_("Permanent measures"), required=False, max_length=MOST_CHARACTERS, widget=Lines(6)
    )

    def __init__(self, data: Any = None, *, report: Report, languages: Sequence[str] = ()) -> None:
        initial = {name: getattr(report, name) for name in (*PROSE, *FACTS)}
        super().__init__(data, initial=initial)
        self.report = report
        self.languages = languages
        self.fields["period_from"] = InstantField(label=_("Period: from"), original=report.period_from)
        self.fields["period_until"] = InstantField(
            label=_("Period: until"),
            original=report.period_until,
            required=False,
            help_text=_("Empty: still going on."),
        )
        add_translations(self, PROSE, languages=languages, texts=report.texts)

    @property
    def keys(self) -> dict[str, Key]:
        """What each field writes, by the field's name."""
        first = {name: (name, self.report.language) for name in (*PROSE, *FACTS)}
        others = {f"{name}_{code}": (name, code) for code in self.languages for name in PROSE}
        return {name: key for name, key in {**first, **others}.items() if name in self.fields}

    def keep_sent(self) -> "ReportForm":
        """Only the fields that came with what they were: the browser sends those that changed."""
        self.fields = {name: field for name, field in self.fields.items() if f"base_{name}" in self.data}
        return self

    def typed(self) -> dict[Key, Any]:
        """What is right among what was typed."""
        return {key: self.cleaned_data[name] for name, key in self.keys.items() if name in self.cleaned_data}

    def edits(self) -> list[Edit]:
        return [
            Edit(*key, value=self.cleaned_data[name], base=self.data.get(f"base_{name}", ""))
            for name, key in self.keys.items()
            if name in self.cleaned_data
        ]

    def base(self, name: str) -> str:
        """What the field was when it was shown: as it was sent, or as it is."""
        if self.is_bound and f"base_{name}" in self.data:
            return str(self.data[f"base_{name}"])
        return shown(value_of(self.report, *self.keys[name]))

    def parts(self) -> dict[str, "Part"]:
        return {name: Part(self, name) for name in self.fields}


@dataclass(frozen=True)
class Part:
    """A field of the editor with what stands around it. `theirs` is what someone else saved meanwhile."""

    form: ReportForm
    name: str

    @property
    def field(self) -> forms.BoundField:
        return self.form[self.name]

    @property
    def base(self) -> str:
        return self.form.base(self.name)

    @property
    def language(self) -> str:
        return self.form.keys[self.name][1]

    @property
    def is_markdown(self) -> bool:
        return self.form.keys[self.name][0] in MARKDOWN

    @property
    def is_section(self) -> bool:
        return self.form.keys[self.name][0] in SECTIONS

    @property
    def theirs(self) -> str | None:
        return getattr(self.form.fields[self.name], "theirs", None)

    @property
    def is_translated(self) -> bool:
        """Whether it says something, or has nothing to say."""
        name, _ = self.form.keys[self.name]
        return bool(self.field.value()) or not getattr(self.form.report, name)


class FigureForm(forms.Form):
    figure = forms.FileField(label=_("Picture"), help_text=_("PNG or JPEG of at most 5 MB."))
    alternative = forms.CharField(
        label=_("Alternative text"),
        max_length=300,
        help_text=_("What the figure shows, for those who cannot see it."),
    )
    caption = forms.CharField(label=_("Caption"), max_length=200)

    def clean_figure(self) -> bytes:
        """One that is too large is not even read: the action refuses what is one byte over."""
        return bytes(self.cleaned_data["figure"].read(MAX_BYTES + 1))

    @property
    def claimed(self) -> str:
        return str(getattr(self.files["figure"], "content_type", ""))

    def markdown(self, name: str) -> str:
        """How it stands in a section: what would end a part of it early is written as its like."""
        alternative = self.cleaned_data["alternative"].replace("[", "［").replace("]", "］")
        caption = self.cleaned_data["caption"].replace('"', "”")
        return f'![{_one_line(alternative)}](figure:{name} "{_one_line(caption)}")'


class PartiesForm(forms.Form):
    """Third parties: those there are, and room for more."""

    def __init__(self, data: Any = None, *, report: Report) -> None:
        super().__init__(data)
        self.count = min(max(len(report.parties) + 2, self._sent(data)), MOST_PARTIES)
        for number in range(self.count):
            known = report.parties[number] if number < len(report.parties) else {}
            for part, label in (("name", _("Name")), ("mask", _("For the public"))):
                self.fields[f"{part}_{number}"] = forms.CharField(
                    label=label, required=False, max_length=100, initial=known.get(part, "")
                )

    def _sent(self, data: Any) -> int:
        return sum(1 for name in data or () if name.startswith("name_"))

    def rows(self) -> Iterator[tuple[forms.BoundField, forms.BoundField]]:
        for number in range(self.count):
            yield self[f"name_{number}"], self[f"mask_{number}"]

    def parties(self) -> list[tuple[str, str]]:
        given = self.cleaned_data
        return [(given[f"name_{number}"], given[f"mask_{number}"]) for number in range(self.count)]


class TemplateForm(forms.Form):
    def __init__(self, data: Any = None, *, template: ReportTemplate | None, language: str) -> None:
        super().__init__(data)
        for name in OF_TEMPLATES:
            self.fields[name] = forms.CharField(
                label=ReportForm.base_fields[name].label,
                required=False,
                max_length=MOST_CHARACTERS,
                initial=getattr(template, name, ""),
                widget=Lines(3, lang=language),
            )


def languages_beside(report: Report, page: Page, *, known: Iterable[str]) -> list[str]:
    """The page's languages beside the report's, of those that reports are written in."""
    return [code for code in page.languages if code != report.language and code in set(known)]


def name_languages(codes: Iterable[str]) -> Mapping[str, str]:
    return {code: language_name(code) for code in codes}


def _one_line(text: str) -> str:
    return " ".join(text.split())
