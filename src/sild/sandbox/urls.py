"""Addresses of the sandbox's pages."""

from django.urls import path

from sild.sandbox import agreed_views, evidence_urls, views

app_name = "sandbox"
urlpatterns = [
    path("", views.index, name="index"),
    path("solutions/<uuid:pk>/", views.solution, name="solution"),
    path("solutions/upload/", views.upload, name="upload"),
    path("suites/add-check/", views.add_check, name="add-check"),
    path("suites/<uuid:pk>/", views.suite, name="suite"),
    path("registrations/", agreed_views.registrations, name="registrations"),
    path("registrations/new/", agreed_views.preregister, name="preregister"),
    path("sealed/", agreed_views.sealed_suites, name="sealed"),
    path("sealed/offer/", agreed_views.offer, name="offer"),
    path("sealed/ask/", agreed_views.ask, name="ask"),
    path("sealed/requests/<uuid:pk>/<slug:step>/", agreed_views.decide, name="decide"),
    path("runs/", views.run_list, name="runs"),
    path("runs/start/", views.start, name="start"),
    path("runs/<uuid:pk>/", views.run, name="run"),
    path("runs/<uuid:pk>/progress/", views.progress, name="progress"),
    path("runs/<uuid:pk>/samples/", views.samples, name="samples"),
    path("runs/<uuid:pk>/samples/proof/", views.sample_proof, name="sample-proof"),
    path("runs/<uuid:pk>/compare/", views.compare, name="compare"),
    path("runs/<uuid:pk>/results/", views.results_file, name="results"),
    path("runs/<uuid:pk>/cancel/", views.cancel, name="cancel"),
    path("runs/<uuid:pk>/resume/", views.resume, name="resume"),
    path("runs/<uuid:pk>/publish/", views.publish, name="publish"),
    *evidence_urls.urlpatterns,
]
