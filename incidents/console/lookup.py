"""Finds what an address names among the things of the request's page; anything else is a 404."""

from django.http import Http404
from django.shortcuts import get_object_or_404

from incidents.console.access import StaffRequest
from incidents.models import AlertSource, Incident, Maintenance, MaintenanceUpdate, Report, Service, Update


def find_incident(request: StaffRequest, reference: str) -> Incident:
    incident = get_object_or_404(Incident, page=request.page, reference=reference)
    incident.page = request.page
    return incident


def find_update(incident: Incident, number: int) -> Update:
    update = get_object_or_404(
        Update.objects.prefetch_related("scope", "revisions"), incident=incident, number=number
    )
    update.incident = incident
    return update


def find_service(request: StaffRequest, slug: str) -> Service:
    service = get_object_or_404(Service.objects.select_related("group"), page=request.page, slug=slug)
    service.page = request.page
    return service


def find_alert_source(request: StaffRequest, source_id: int) -> AlertSource:
    source = get_object_or_404(AlertSource.objects.select_related("service"), page=request.page, pk=source_id)
    source.page = request.page
    return source


def find_report(incident: Incident) -> Report:
    report = Report.objects.filter(incident=incident).select_related("service").first()
    if report is None:
        raise Http404("no report yet")
    report.incident = incident
    return report


def find_maintenance(request: StaffRequest, public_id: str) -> Maintenance:
    maintenance = get_object_or_404(Maintenance, page=request.page, public_id=public_id)
    maintenance.page = request.page
    return maintenance


def find_maintenance_update(maintenance: Maintenance, number: int) -> MaintenanceUpdate:
    return get_object_or_404(MaintenanceUpdate, maintenance=maintenance, number=number)


def number_in(request: StaffRequest, name: str) -> int | None:
    """A parameter of the address that is a row's id; None for anything else."""
    text = request.GET.get(name, "")
    is_id = text.isascii() and text.isdecimal() and len(text) < 19
    return int(text) if is_id else None
