"""The addresses for customers who sign in by their link; included at the root and under each further language."""

from django.urls import URLPattern, path, re_path

from incidents.public import members

FEEDS = r"history\.atom|history\.rss|calendar\.ics"

urlpatterns: list[URLPattern] = [
    path("members", members.show, name="members"),
    path("members/<str:token>", members.enter, name="member_link"),
    re_path(rf"^members/(?P<token>\w+)/(?P<name>{FEEDS})$", members.feed, name="member_feed"),
]
