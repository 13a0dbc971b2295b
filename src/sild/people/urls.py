"""Addresses of the pages about people."""

from django.urls import path

from sild.people import views

app_name = "people"
urlpatterns = [
    path("people/", views.people, name="people"),
    path("people/<int:membership_id>/role/", views.role, name="role"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<uuid:token_id>/revoke/", views.revoke, name="revoke"),
    path("audit/", views.audit, name="audit"),
    path("act-for/", views.act_for, name="act-for"),
]
