from django.urls import path, re_path

from incidents.api import subscribers
from incidents.api.v1 import answers, customers, description, notices
from incidents.api.v1 import subscribers as v1_subscribers

urlpatterns = [
    path("api/v2/subscribers.json", subscribers.subscribers_json, name="api_subscribers"),
    path("v1/openapi.json", description.show_openapi),
    path("v1/notices", notices.list_notices),
    path("v1/notices/<int:notice_id>", notices.show_notice),
    path("v1/notices/<int:notice_id>/deliveries", notices.list_deliveries),
    path("v1/notices/<int:notice_id>/retry", notices.retry),
    path("v1/subscribers", v1_subscribers.list_subscribers),
    path("v1/subscribers.csv", v1_subscribers.export),
    path("v1/subscribers/<slug:public_id>", v1_subscribers.end),
    path("v1/subscribers/<slug:public_id>/deliveries", v1_subscribers.list_history),
    path("v1/customers", customers.list_customers),
    path("v1/customers/<int:customer_id>/deliveries.csv", customers.export),
    path("v1", answers.show_nothing),
    re_path(r"^v1/", answers.show_nothing),
]
