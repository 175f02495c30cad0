"""Rate limits live in a table, so that they hold while Redis is down."""

from django.core.management import call_command
from django.db import migrations


def create_cache_table(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_first_tables")]

    operations = [migrations.RunPython(create_cache_table, migrations.RunPython.noop)]
