"""Addresses of the plan's pages."""

from django.urls import path

from sild.plan import views

app_name = "plan"
urlpatterns = [
    path("", views.index, name="index"),
    path("<slug:plan>/<slug:slug>/", views.commitment, name="commitment"),
    path("<slug:plan>/<slug:slug>/claim/", views.claim, name="claim"),
    path("<slug:plan>/<slug:slug>/assess/", views.assess, name="assess"),
]
