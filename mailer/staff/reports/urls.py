"""The addresses of the reports, under /staff/reports/."""

from django.urls import path

from mailer.staff.reports import clickmap, listing, newsletter, send

urlpatterns = [
    path("", listing.reports, name="reports"),
    path("<int:send>/", send.report, name="report"),
    path("<int:send>/count/", send.count, name="report-count"),
    path("<int:send>/page/", send.file, {"kind": "html"}, name="report-page"),
    path("<int:send>/csv/", send.file, {"kind": "csv"}, name="report-csv"),
    path("<int:send>/clicks/", clickmap.click_map, name="clickmap"),
    path("<int:send>/clicks/page/", clickmap.file, name="clickmap-page"),
    path("newsletters/<int:newsletter>/", newsletter.report, name="newsletter-report"),
    path("newsletters/<int:newsletter>/count/", newsletter.count, name="newsletter-report-count"),
    path(
        "newsletters/<int:newsletter>/page/", newsletter.file, {"kind": "html"}, name="newsletter-report-page"
    ),
    path("newsletters/<int:newsletter>/csv/", newsletter.file, {"kind": "csv"}, name="newsletter-report-csv"),
]
