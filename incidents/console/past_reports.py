"""Past reports into the record: many files at once, each looked through, corrected in place, and taken."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents.console.access import StaffRequest, staff_view
from incidents.console.refusals import sentence_of
from incidents.console.screen import render_screen
from incidents.lib.errors import Refused
from incidents.models import Page, Report, Service
from incidents.reports.past import Outlook, look_at, take_past_report
from incidents.reports.uploads import LARGEST_BYTES, LONGEST_TEXT, text_of

MOST_FILES = 50
MOST_CHARACTERS = 600_000
"""Of all texts together: they go back and forth with the form, and Django takes 2.5 MB of it."""


@dataclass(frozen=True)
class Sheet:
    """One report on the screen: its text, `service` where staff chose one, and what would come of it.

    `line` is where it is wrong, from 1, and `shown` what stands there; 0 where no line is.
    """

    name: str
    text: str
    service: str = ""
    outlook: Outlook | None = None
    problem: str = ""
    line: int = 0
    shown: str = ""

    @property
    def rows(self) -> int:
        return min(max(self.text.count("\n") + 2, 6), 30)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: StaffRequest) -> HttpResponse:
    """A POST looks through what is there; with `take` it takes all that can be taken."""
    if request.method != "POST":
        return _render(request, [])
    try:
        sheets = [*_sent(request), *_uploaded(request)]
        _check_amount(sheets)
    except Refused as refused:
        return _render(request, [], status=422, problem=sentence_of(refused))
    looked = list(_look_through(request.page, sheets))
    if "take" not in request.POST:
        return _render(request, looked, status=422 if any(sheet.problem for sheet in looked) else 200)
    return _take(request, looked)


def _take(request: StaffRequest, sheets: Iterable[Sheet]) -> HttpResponse:
    """Each all or nothing; what cannot be taken stays on the screen with its reason."""
    taken, left = list[Report](), list[Sheet]()
    for sheet in sheets:
        report = _take_one(request, sheet) if sheet.outlook else sheet
        if isinstance(report, Report):
            taken.append(report)
        else:
            left.append(report)
    if taken:
        numbers = ", ".join(str(report.number) for report in taken)
        messages.success(request, _("Taken: %(numbers)s. Nobody was mailed.") % {"numbers": numbers})
    return _render(request, left, status=422 if left else 200, taken=taken)


def _take_one(request: StaffRequest, sheet: Sheet) -> Report | Sheet:
    try:
        return take_past_report(request.page, sheet.text, service=sheet.service or None, actor=request.user)
    except Refused as refused:
        return _with_problem(sheet, refused)


def _sent(request: StaffRequest) -> Iterator[Sheet]:
    """What stood on the screen already, but for what was struck off it."""
    texts = request.POST.getlist("text")
    names, services = request.POST.getlist("name"), request.POST.getlist("service")
    struck = set(request.POST.getlist("strike"))
    if not len(texts) == len(names) == len(services):
        raise Refused("the form did not arrive whole")
    for place, (name, text, service) in enumerate(zip(names, texts, services, strict=True)):
        if str(place) not in struck:
            yield Sheet(name[:200], text.replace("\r\n", "\n"), service)


def _uploaded(request: StaffRequest) -> Iterator[Sheet]:
    files = request.FILES.getlist("files")
    if len(files) > MOST_FILES:
        raise Refused(f"expected at most {MOST_FILES} files at once")
    yield from (_sheet_of(file) for file in files)


def _sheet_of(file: "UploadedFile[bytes]") -> Sheet:
    """A file that cannot be read stands there with its reason and no text."""
    name = (file.name or "")[:200]
    try:
        return Sheet(name, text_of(file.read(LARGEST_BYTES + 1)))
    except Refused as refused:
        return Sheet(name, "", problem=sentence_of(refused), line=getattr(refused, "line", 0))


def _check_amount(sheets: list[Sheet]) -> None:
    if len(sheets) > MOST_FILES:
        raise Refused(f"expected at most {MOST_FILES} files at once")
    for sheet in sheets:
        if len(sheet.text) > LONGEST_TEXT:
            raise Refused(f"expected at most {LONGEST_TEXT} characters")
    if sum(len(sheet.text) for sheet in sheets) > MOST_CHARACTERS:
        raise Refused(f"expected at most {MOST_CHARACTERS} characters in all files together")


def _look_through(page: Page, sheets: Iterable[Sheet]) -> Iterator[Sheet]:
    known = set(Service.objects.filter(page=page).values_list("name", flat=True))
    seen: dict[str, str] = {}
    for sheet in sheets:
        if sheet.service and sheet.service not in known:
            sheet = Sheet(sheet.name, sheet.text)
        looked = sheet if sheet.problem else _look(page, sheet)
        number = looked.outlook.document.number if looked.outlook else ""
        if number in seen:
            again = _("%(number)s is in the file %(name)s too") % {"number": number, "name": seen[number]}
            looked = Sheet(sheet.name, sheet.text, sheet.service, problem=again)
        elif number:
            seen[number] = looked.name
        yield looked


def _look(page: Page, sheet: Sheet) -> Sheet:
    try:
        outlook = look_at(page, sheet.text, service=sheet.service or None)
    except Refused as refused:
        return _with_problem(sheet, refused)
    return Sheet(sheet.name, sheet.text, sheet.service, outlook)


def _with_problem(sheet: Sheet, refused: Refused) -> Sheet:
    line: int = getattr(refused, "line", 0)
    lines = sheet.text.split("\n")
    shown = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return Sheet(sheet.name, sheet.text, sheet.service, problem=sentence_of(refused), line=line, shown=shown)


def _render(
    request: StaffRequest,
    sheets: list[Sheet],
    *,
    status: int = 200,
    problem: str = "",
    taken: Iterable[Report] = (),
) -> HttpResponse:
    names = Service.objects.filter(page=request.page).order_by("position", "pk")
    context = {
        "section": "incidents",
        "sheets": sheets,
        "good": sum(sheet.outlook is not None for sheet in sheets),
        "services": list(names.values_list("name", flat=True)),
        "problem": problem,
        "taken": [(report, report.incident.reference) for report in taken],
        "most_files": MOST_FILES,
    }
    return render_screen(request, "console/past_reports.html", context, status=status)
