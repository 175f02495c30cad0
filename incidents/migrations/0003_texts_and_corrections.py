import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0002_cache_table'),
    ]

    operations = [
        migrations.CreateModel(
            name='IncidentCorrection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(choices=[('title', 'Title'), ('onset', 'Started at'), ('end', 'Resolved at'), ('scope', 'Affected services')], max_length=10)),
                ('before', models.JSONField()),
                ('after', models.JSONField()),
                ('corrected_at', models.DateTimeField()),
                ('corrected_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='corrections', to='incidents.incident')),
            ],
            options={
                'ordering': ['-corrected_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Announcement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('body', models.TextField(max_length=20000)),
                ('body_html', models.TextField()),
                ('texts', models.JSONField(blank=True, default=dict)),
                ('pinned_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('unpinned_at', models.DateTimeField(blank=True, null=True)),
                ('page', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='announcements', to='incidents.page')),
                ('pinned_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pinned_at', '-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('unpinned_at__isnull', True)), fields=('page',), name='one_announcement_pinned_a_page'), models.CheckConstraint(condition=models.Q(('until__isnull', True), ('until__gt', models.F('pinned_at')), _connector='OR'), name='announcement_ends_after_its_start')],
            },
        ),
    ]
