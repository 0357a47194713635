from django.urls import URLPattern, URLResolver, include, path

from requests import confirming_views, views

my: tuple[list[URLPattern | URLResolver], str] = (
    [
        path("", views.home, name="home"),
        path("communities/<int:pk>/confirm/", confirming_views.confirm, name="confirm"),
        path("communities/<int:pk>/new-job/", confirming_views.new_job, name="new-job"),
        path("communities/<int:pk>/leave/", confirming_views.leave, name="leave"),
        path("requests/<int:pk>/", views.join_request, name="request"),
        path("requests/<int:pk>/sent/", views.sent, name="sent"),
        path("requests/<int:pk>/reply/", views.reply, name="reply"),
        path("requests/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
        path("", include("membership.meetings.urls")),
    ],
    "my",
)

urlpatterns = [
    path("communities/<slug:slug>/join/", views.join, name="join"),
    path("communities/<slug:slug>/join/check/", views.check, name="join-check"),
    path("my/", include(my)),
]
