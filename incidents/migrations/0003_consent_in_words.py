from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0002_cache_table")]

    operations = [
        migrations.AlterField(
            model_name="subscriber",
            name="consent_source",
            field=models.CharField(blank=True, max_length=200),
        ),
    ]
