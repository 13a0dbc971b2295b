"""Addresses of the exchange's pages."""

from django.urls import path

from sild.exchange import document_views, views

app_name = "exchange"
urlpatterns = [
    path("records/", views.record_list, name="records"),
    path("records/preview/", views.preview, name="preview"),
    path("records/<uuid:record_id>/", views.record, name="record"),
    path("records/<uuid:record_id>/file/", views.record_file, name="record-file"),
    path(".well-known/sild/identity", views.identity, name="identity"),
    path("documents/", document_views.page, name="documents"),
    path("documents/sign/", document_views.sign, name="document-sign"),
    path("documents/verify/", document_views.verify, name="document-verify"),
    path("partners/", views.partner_list, name="partners"),
    path("partners/<str:node>/", views.partner, name="partner"),
    path("partners/<str:node>/unfreeze/", views.partner_unfreeze, name="partner-unfreeze"),
]
