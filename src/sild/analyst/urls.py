"""Addresses of the analyst's pages."""

from django.urls import path

from sild.analyst import desk_views, views

app_name = "analyst"
urlpatterns = [
    path("", views.reading_list, name="readings"),
    path("read/", views.read, name="read"),
    path("card/", views.card, name="card"),
    path("activate/", views.activate, name="activate"),
    path("<uuid:reading_id>/", desk_views.reading, name="reading"),
    path("<uuid:reading_id>/add/", desk_views.add, name="add"),
    path("<uuid:reading_id>/rest/", desk_views.rest, name="rest"),
    path("<uuid:reading_id>/proposals/<slug:key>/", desk_views.decide, name="decide"),
    path("<uuid:reading_id>/share/", desk_views.share, name="share"),
]
