"""The addresses for subscribers and for links that were given; included at the root and under each further language."""

from django.urls import URLPattern, path

from incidents.public import endpoints, following, phone, report_links, staff_alerts, subscribing

urlpatterns: list[URLPattern] = [
    path("subscribe", subscribing.subscribe, name="subscribe"),
    path("subscribe/webhook", endpoints.subscribe_webhook, name="subscribe_webhook"),
    path("subscribe/chat", endpoints.subscribe_chat, name="subscribe_chat"),
    path("subscribe/sms", phone.subscribe_sms, name="subscribe_sms"),
    path("subscribe/sms/code", phone.enter_code, name="sms_code"),
    path("endpoints", endpoints.links, name="endpoint_links"),
    path("endpoints/<str:token>", endpoints.confirm_endpoint, name="confirm_endpoint"),
    path("confirm/<str:token>", subscribing.confirm, name="confirm"),
    path("manage", subscribing.manage, name="manage"),
    path("manage/<str:token>", subscribing.manage_choices, name="manage_choices"),
    path("unsubscribe/<str:token>", subscribing.unsubscribe, name="unsubscribe"),
    path("keep/<str:token>", subscribing.keep, name="keep"),
    path("follow/<slug:reference>", following.follow, name="follow"),
    path("alerts/<str:token>", staff_alerts.acknowledge, name="staff_alert"),
    path("shared/<str:token>", report_links.open_report, name="shared_report"),
    path("shared/<str:token>/<str:name>", report_links.get_file, name="shared_file"),
    path("last-only/<str:token>", following.last_only, name="last_only"),
]
