from django.urls import path

from incidents.hooks import alerts, mail_events, views

urlpatterns = [
    path("hooks/mail/<slug:provider>/", mail_events.take_mail_events, name="mail_events"),
    path("hooks/<slug:kind>/<uuid:source_id>", alerts.take_alerts, name="alerts"),
    path("hooks/<slug:kind>/<uuid:source_id>/<str:secret>", alerts.take_alerts, name="alerts_by_path"),
    path("observations/<uuid:monitor_id>", views.take_observations, name="observations"),
    path("ping/<uuid:monitor_id>", views.take_ping, name="ping"),
    path("ping/<uuid:monitor_id>/<str:event>", views.take_ping, name="ping_event"),
]
