"""Addresses of the exchange's pages."""

from django.urls import path

from sild.exchange import document_views, marking_views, views

app_name = "exchange"
urlpatterns = [
    path("records/", views.record_list, name="records"),
    path("records/preview/", marking_views.preview, name="preview"),
    path("records/outstanding/", marking_views.outstanding, name="outstanding"),
    path("records/<uuid:record_id>/", views.record, name="record"),
    path("records/<uuid:record_id>/file/", views.record_file, name="record-file"),
    path("records/<uuid:record_id>/original/", views.original_file, name="record-original"),
    path("records/<uuid:record_id>/sight/", marking_views.of_record, name="sight"),
    path("records/<uuid:record_id>/mark/", marking_views.mark, name="record-mark"),
    path("records/<uuid:record_id>/withdraw/", marking_views.withdraw, name="record-withdraw"),
    path("records/<uuid:record_id>/pass-on/", marking_views.pass_on, name="record-pass-on"),
    path(".well-known/sild/identity", views.identity, name="identity"),
    path("documents/", document_views.page, name="documents"),
    path("documents/sign/", document_views.sign, name="document-sign"),
    path("documents/verify/", document_views.verify, name="document-verify"),
    path("partners/", views.partner_list, name="partners"),
    path("partners/<str:node>/", views.partner, name="partner"),
    path("partners/<str:node>/unfreeze/", views.partner_unfreeze, name="partner-unfreeze"),
]
