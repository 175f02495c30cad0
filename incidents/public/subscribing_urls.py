"""The addresses for subscribers; included at the root and under each further language."""

from django.urls import URLPattern, path

from incidents.public import following, subscribing

urlpatterns: list[URLPattern] = [
    path("subscribe", subscribing.subscribe, name="subscribe"),
    path("confirm/<str:token>", subscribing.confirm, name="confirm"),
    path("manage", subscribing.manage, name="manage"),
    path("manage/<str:token>", subscribing.manage_choices, name="manage_choices"),
    path("unsubscribe/<str:token>", subscribing.unsubscribe, name="unsubscribe"),
    path("keep/<str:token>", subscribing.keep, name="keep"),
    path("follow/<str:reference>", following.follow, name="follow"),
    path("last-only/<str:token>", following.last_only, name="last_only"),
]
