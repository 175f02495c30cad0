"""A page's own words in its mails: which parts it may write, and what fills the places in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from incidents.lib.errors import Refused
from incidents.models import MailText, NoticeKind, Page
from incidents.notices import automatic_words
from incidents.notices.maintenance_words import Step, maintenance_words_for
from incidents.notices.wish_words import wish_words_for
from incidents.notices.words import words_for

LONGEST_SUBJECT, LONGEST_OPENING, LONGEST_CLOSING = 60, 500, 1000
_PLACE = re.compile(r"\{([^{}\n]*)\}")
_ALWAYS = ("page", "organisation")
_OF_UPDATE = (*_ALWAYS, "title", "reference", "service", "state", "severity", "next_update")
_OF_REPORT = (*_ALWAYS, "title", "reference", "number")
_OF_MAINTENANCE = (*_ALWAYS, "title", "service", "state", "window")


class Part(StrEnum):
    INCIDENT_SUBJECT = "incident_subject"
    FIRST_UPDATE = "first_update"
    FURTHER_UPDATE = "further_update"
    LAST_UPDATE = "last_update"
    REPORT = "report"
    MAINTENANCE_SUBJECT = "maintenance_subject"
    EMERGENCY = "maintenance_emergency"
    ANNOUNCED = "maintenance_announced"
    RESCHEDULED = "maintenance_rescheduled"
    EXTENDED = "maintenance_extended"
    STARTED = "maintenance_started"
    VERIFYING = "maintenance_verifying"
    COMPLETED = "maintenance_completed"
    CANCELLED = "maintenance_cancelled"
    TOLD = "maintenance_told"
    CONFIRMATION = "confirmation"
    CLOSING = "closing"
    AUTOMATIC_FIRST = automatic_words.FIRST
    AUTOMATIC_RETURN = automatic_words.RETURN
    AUTOMATIC_LAST = automatic_words.LAST

    @property
    def is_update(self) -> bool:
        """Whether it is an update of its own that the system publishes by itself, and no part of a mail."""
        return self.startswith("automatic_")


@dataclass(frozen=True)
class Form:
    """`places` may stand in the text, `needs` is those of which one must; `longest` counts characters."""

    places: tuple[str, ...]
    longest: int = LONGEST_OPENING
    needs: tuple[str, ...] = ()

    @property
    def is_subject(self) -> bool:
        return bool(self.needs)


# A subject's stem may hold only what stays the same from the first mail of a matter to its last.
FORMS: Mapping[Part, Form] = {
    **{part: Form(_OF_MAINTENANCE) for part in Part if part.startswith("maintenance_")},
    **{part: Form((*_ALWAYS, "service"), LONGEST_CLOSING) for part in Part if part.is_update},
    Part.INCIDENT_SUBJECT: Form(("page", "title", "reference"), LONGEST_SUBJECT, ("title", "reference")),
    Part.MAINTENANCE_SUBJECT: Form(("page", "title"), LONGEST_SUBJECT, ("title",)),
    Part.FIRST_UPDATE: Form(_OF_UPDATE),
    Part.FURTHER_UPDATE: Form(_OF_UPDATE),
    Part.LAST_UPDATE: Form(_OF_UPDATE),
    Part.REPORT: Form(_OF_REPORT),
    Part.CONFIRMATION: Form(_ALWAYS),
    Part.CLOSING: Form((*_ALWAYS, "contact"), LONGEST_CLOSING),
}


@dataclass(frozen=True)
class MailTexts:
    """What one page says in one language: its own texts, and the product's where it has none."""

    page: Page
    language: str
    own: Mapping[str, str]

    def say(self, part: Part, **values: str) -> str:
        return fill(self.own.get(part) or default_text(part, self.language), self._standing() | values)

    def _standing(self) -> dict[str, str]:
        page = self.page
        return {"page": page.name, "organisation": page.organisation, "contact": page.reply_to}


def texts_of(page: Page, language: str) -> MailTexts:
    rows = MailText.objects.filter(page=page, language=language)
    return MailTexts(page, language, dict(rows.values_list("part", "text")))


def default_text(part: Part, language: str) -> str:
    words, own = words_for(language), maintenance_words_for(language)
    texts = {
        Part.INCIDENT_SUBJECT: "{title} ({reference})",
        Part.MAINTENANCE_SUBJECT: "{title}",
        Part.FIRST_UPDATE: words.first_intro,
        Part.FURTHER_UPDATE: words.next_intro,
        Part.LAST_UPDATE: words.resolved_intro,
        Part.REPORT: words.report_intro,
        Part.EMERGENCY: own.emergency_intro,
        Part.CONFIRMATION: wish_words_for(NoticeKind.CONFIRM, language).intro,
        Part.CLOSING: "",
        **{step_part(step): own.intros[step] for step in Step},
        **{part: automatic_words.automatic_text(part, language) for part in Part if part.is_update},
    }
    return texts[part]


def step_part(step: Step) -> Part:
    return Part(f"maintenance_{step}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """Each {name} that has a value; nothing in a value is looked at again."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def clean_text(part: Part, text: str) -> str:
    """As it may be kept; Refused(field="text") says what is wrong with it."""
    form = FORMS[part]
    text = text.replace("\r\n", "\n").strip()
    if form.is_subject and "\n" in text:
        raise _refused("a subject is one line")
    if not text.translate({ord("\n"): None, ord("\u3000"): None}).isprintable():
        raise _refused("expected a text without control characters")
    if len(text) > form.longest:
        raise _refused(f"expected at most {form.longest} characters")
    names = _PLACE.findall(text)
    for name in names:
        if name not in form.places:
            raise _refused(
                f"{{{name}}} is no placeholder of this text; expected one of {_listed(form.places)}"
            )
    if set("{}") & set(_PLACE.sub("", text)):
        raise _refused(f"a brace stands alone; a placeholder is one of {_listed(form.places)}")
    if text and form.needs and not set(form.needs) & set(names):
        raise _refused(f"a subject needs one of {_listed(form.needs)}")
    return text


def _listed(places: tuple[str, ...]) -> str:
    return " ".join(f"{{{name}}}" for name in places)


def _refused(message: str) -> Refused:
    return Refused(message, field="text")
