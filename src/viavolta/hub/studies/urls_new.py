"""Addresses of lists, files, new studies and their runs."""

from django.urls import path

from viavolta.hub.studies import run_views, study_views, upload_views
from viavolta.hub.studies.wizard import views as wizard

urlpatterns = [
    path("studies/", study_views.study_list, name="list"),
    path("studies/new/", wizard.new_study, name="new"),
    path("studies/new/<int:pk>/summary/", wizard.summary, name="summary"),
    path("studies/new/<int:pk>/remove/", wizard.remove, name="draft-remove"),
    path("studies/new/<int:pk>/<str:name>/", wizard.step, name="step"),
    path("studies/sample/", wizard.sample, name="sample"),
    path("studies/uploads/", upload_views.upload_list, name="uploads"),
    path("studies/uploads/new/", upload_views.upload_new, name="upload-new"),
    path("studies/uploads/<int:pk>/", upload_views.upload_page, name="upload"),
    path("studies/uploads/<int:pk>/found/", upload_views.upload_findings, name="upload-found"),
    path("studies/uploads/<int:pk>/rows.csv", upload_views.upload_bad_rows, name="upload-rows"),
    path("studies/uploads/<int:pk>/map.json", upload_views.upload_map, name="upload-map"),
    path("studies/uploads/<int:pk>/file/", upload_views.upload_file, name="upload-file"),
    path("studies/uploads/<int:pk>/check/", upload_views.upload_check, name="upload-check"),
    path("studies/uploads/<int:pk>/terms/", upload_views.upload_terms, name="upload-terms"),
    path("studies/uploads/<int:pk>/remove/", upload_views.upload_remove, name="upload-remove"),
    path("studies/runs/<int:pk>/", run_views.run_page, name="run"),
    path("studies/runs/<int:pk>/progress/", run_views.run_progress, name="run-progress"),
    path("studies/runs/<int:pk>/cancel/", run_views.run_cancel, name="run-cancel"),
    path("studies/runs/<int:pk>/resume/", run_views.run_resume, name="run-resume"),
    path("studies/runs/<int:pk>/again/", run_views.run_again, name="run-again"),
    path("studies/<slug:slug>/", study_views.study_home, name="study"),
]
