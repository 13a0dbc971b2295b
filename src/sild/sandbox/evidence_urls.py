"""Addresses of the pages of evidence."""

from django.urls import path, re_path

from sild.sandbox import evidence_views as views

urlpatterns = [
    path("reruns/", views.rerun_list, name="reruns"),
    path("reruns/<uuid:pk>/", views.rerun_page, name="rerun"),
    path("reruns/request/<uuid:pk>/", views.rerun_request, name="rerun-request"),
    re_path(r"^reruns/(?P<pk>[0-9a-f-]{36})/(?P<step>answer|execute|show)/$", views.rerun_step, name="rerun-step"),
    path("reruns/<uuid:pk>/verdict/", views.rerun_judge, name="rerun-judge"),
    path("watches/", views.watch_list, name="watches"),
    path("watches/<uuid:pk>/", views.watch_page, name="watch"),
    path("watches/<uuid:pk>/test/", views.watch_test, name="watch-test"),
    path("watches/<uuid:pk>/end/", views.watch_end, name="watch-end"),
    path("runs/<uuid:pk>/watch/", views.watch_start, name="watch-start"),
    path("runs/<uuid:pk>/statement/", views.statement, name="statement"),
    path("runs/<uuid:pk>/ai-act/", views.act, name="act"),
    path("runs/<uuid:pk>/pdf/", views.pdf, name="pdf"),
    path("runs/<uuid:pk>/evidence/", views.evidence, name="evidence"),
]
