from django.db import migrations
from django.utils import timezone


def make_watches(apps, schema_editor):
    """What was asked from one place has one watch there; its judge begins anew with the next result."""
    Monitor = apps.get_model("incidents", "Monitor")
    Watch = apps.get_model("incidents", "Watch")
    watched = Monitor.objects.exclude(kind="baseline")
    Watch.objects.bulk_create(
        (
            Watch(monitor_id=pk, next_check_at=timezone.now() if enabled else None)
            for pk, enabled in watched.values_list("pk", "enabled")
        ),
        batch_size=1000,
    )


class Migration(migrations.Migration):

    dependencies = [
        ("incidents", "0004_watches"),
    ]

    operations = [migrations.RunPython(make_watches, migrations.RunPython.noop, elidable=True)]
