"""The addresses for customers who sign in by their link; included at the root and under each further language."""

from django.urls import URLPattern, path

from incidents.public import members

urlpatterns: list[URLPattern] = [
    path("members", members.show, name="members"),
    path("members/<str:token>", members.enter, name="member_link"),
]
