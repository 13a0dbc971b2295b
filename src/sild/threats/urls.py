"""Addresses of the threat desk's pages."""

from django.urls import path

from sild.threats import hook_views, share_views, views, write_views

app_name = "threats"
urlpatterns = [
    path("", views.index, name="index"),
    path("seen/", views.seen, name="seen"),
    path("attack/", views.matrix, name="matrix"),
    path("actors/", views.actors, name="actors"),
    path("practice/", views.practice, name="practice"),
    path("import/", write_views.import_file, name="import"),
    path("webhooks/", hook_views.webhooks, name="webhooks"),
    path("webhooks/<uuid:hook_id>/remove/", hook_views.remove, name="webhook-remove"),
    path("share/", share_views.share, name="share"),
    *[path(f"write/{kind}/", write_views.write, {"kind": kind}, name=f"write-{kind}") for kind in write_views.KINDS],
    path("objects/<str:stix_id>/", views.stix_object, name="object"),
    path("objects/<str:stix_id>/sighting/", share_views.sighting, name="sighting"),
    path("objects/<str:stix_id>/feedback/", share_views.feedback, name="feedback"),
    path("objects/<str:stix_id>/revoke/", share_views.revoke, name="revoke"),
]
