"""Where in the JSON of a generic source each part of an alert stands."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents.actions.alert_source import set_mapping
from incidents.console.access import StaffRequest, staff_view
from incidents.console.alert_mapping_buttons import changed
from incidents.console.alert_mapping_form import MappingForm
from incidents.console.alert_setups import SETUPS
from incidents.console.lookup import find_alert_source
from incidents.console.screen import render_screen, status_of
from incidents.models import AlertFormat


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, source_id: int) -> HttpResponse:
    """Only `save` keeps anything; every other button shows what would be heard of the sample."""
    source = find_alert_source(request, source_id)
    if source.format != AlertFormat.GENERIC:
        raise Http404
    do = request.POST.get("do", "")
    form = MappingForm(changed(request.POST, do) if request.method == "POST" else None, stored=source.mapping)
    if form.is_valid() and do == "save":
        set_mapping(source, form.stored(), actor=request.user)
        messages.success(request, _("%(name)s is saved.") % {"name": source.name})
        return redirect("console:alert_source", source_id=source.pk)
    context = {
        "form": form,
        "source": source,
        "presets": [(one.preset, one.label, one.snippet) for one in SETUPS.values() if one.preset],
        "section": "services",
    }
    return render_screen(request, "console/alert_mapping.html", context, status=status_of(form))
