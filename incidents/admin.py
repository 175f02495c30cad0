"""Rescue work only: the tables as they are. Day-to-day changes are the console's actions."""

from django.contrib import admin

from incidents import models

for model in (
    models.Page,
    models.ServiceGroup,
    models.Service,
    models.Incident,
    models.Update,
    models.IncidentCorrection,
    models.Announcement,
    models.Impact,
    models.LogEntry,
    models.Maintenance,
    models.MaintenanceUpdate,
    models.MaintenanceService,
    models.Monitor,
    models.Subscriber,
    models.Customer,
    models.CustomerContact,
    models.CustomerNote,
    models.Notice,
    models.Delivery,
    models.Report,
):
    admin.site.register(model)


@admin.register(models.Staff)
class StaffAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Without the password: as a plain field it shows the hash, and what is typed there is stored as it is."""

    exclude = ("password",)


@admin.register(models.AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The trail is read here, never changed."""

    list_display = ("at", "actor_name", "action", "object_type", "object_id")

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False
