"""Addresses of the analyst's pages."""

from django.urls import path

from sild.analyst import views

app_name = "analyst"
urlpatterns = [
    path("", views.reading_list, name="readings"),
    path("read/", views.read, name="read"),
    path("card/", views.card, name="card"),
    path("activate/", views.activate, name="activate"),
    path("<uuid:reading_id>/", views.reading, name="reading"),
    path("<uuid:reading_id>/share/", views.share, name="share"),
]
