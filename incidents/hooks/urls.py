from django.urls import path

from incidents.hooks import views

urlpatterns = [
    path("observations/<uuid:monitor_id>", views.take_observations, name="observations"),
    path("ping/<uuid:monitor_id>", views.take_ping, name="ping"),
    path("ping/<uuid:monitor_id>/<str:event>", views.take_ping, name="ping_event"),
]
