from django.urls import path

from incidents.api import subscribers

urlpatterns = [
    path("api/v2/subscribers.json", subscribers.subscribers_json, name="api_subscribers"),
]
