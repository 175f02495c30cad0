"""Where the alerts of a source go, tried on those of the last days before anything is kept."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from incidents.actions.alert_source import set_rules
from incidents.console.access import StaffRequest, staff_view
from incidents.console.alert_rules_form import LET_GO, RulesForm
from incidents.console.alert_trials import past_alerts
from incidents.console.lookup import find_alert_source
from incidents.console.screen import render_screen
from incidents.models import Service, Severity

HOW = (
    ("is", gettext_lazy("is")),
    ("begins", gettext_lazy("begins with")),
    ("matches", gettext_lazy("matches the expression")),
)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, source_id: int) -> HttpResponse:
    """Only `save` keeps anything; every other button shows where past alerts would go."""
    source = find_alert_source(request, source_id)
    services = dict(Service.objects.filter(page=request.page).values_list("slug", "name"))
    form = RulesForm.of(source.rules, services=services)
    do = request.POST.get("do", "")
    if request.method == "POST":
        form = RulesForm.sent(request.POST, services=services)
        form.apply(do)
    rules = form.check()
    if do not in ("", "try", "save"):
        form.forget_errors()  # a row that is only half written yet
    if rules is not None and do == "save":
        set_rules(source, form.stored(), actor=request.user)
        messages.success(request, _("The rules of %(name)s are saved.") % {"name": source.name})
        return redirect("console:alert_source", source_id=source.pk)
    past = past_alerts(source)
    context = {
        "section": "services",
        "source": source,
        "form": form,
        "let_go": LET_GO,
        "how": HOW,
        "severities": Severity.choices,
        "labels": past.labels,
        "trials": None if rules is None else past.try_rules(rules, source=source, services=services),
    }
    return render_screen(
        request, "console/alert_rules.html", context, status=422 if do and form.errors else 200
    )
