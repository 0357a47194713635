from django.urls import URLPattern, URLResolver, include, path

from membership.meetings import views as meeting_views
from membership.people import email_views
from membership.rosters.leaving import leave_page
from requests.joining import several_views, views
from requests.my import details_views as my_views
from requests.my import home, own_requests, privacy_views, yearly_views

my: tuple[list[URLPattern | URLResolver], str] = (
    [
        path("", home.home, name="home"),
        path("details/", my_views.details, name="details"),
        path("details/email/", email_views.new_email, name="new-email"),
        path("details/email/code/", email_views.NewEmailCodeView.as_view(), name="new-email-code"),
        path("details/work/<str:family>/", my_views.new_work, name="new-work"),
        path("details/correction/", privacy_views.correction, name="correction"),
        path("privacy/agree/", privacy_views.agree_again, name="agree"),
        path("privacy/download/", privacy_views.download, name="download"),
        path("privacy/delete/", privacy_views.delete, name="delete"),
        path("preferences/", my_views.preferences, name="preferences"),
        path("communities/<int:pk>/confirm/", yearly_views.confirm, name="confirm"),
        path("communities/<int:pk>/new-job/", yearly_views.new_job, name="new-job"),
        path("communities/<int:pk>/leave/", leave_page, name="leave"),
        path("communities/<slug:slug>/", include("membership.sharing.urls")),
        path("requests/<int:pk>/", own_requests.join_request, name="request"),
        path("requests/<int:pk>/sent/", own_requests.sent, name="sent"),
        path("requests/<int:pk>/reply/", own_requests.reply, name="reply"),
        path("requests/<int:pk>/withdraw/", own_requests.withdraw, name="withdraw"),
        path("meetings/", meeting_views.meetings, name="meetings"),
        path("meetings/<int:pk>/", meeting_views.meeting, name="meeting"),
        path("meetings/<int:pk>/answer/", meeting_views.answer, name="meeting-answer"),
        path("meetings/<int:pk>/join/", meeting_views.join, name="meeting-join"),
        path("meetings/<int:pk>/recording/", meeting_views.recording, name="meeting-recording"),
        path("trainings/", meeting_views.trainings, name="trainings"),
        path(
            "meetings/<int:pk>/meeting.ics", meeting_views.meeting_calendar, name="meeting-calendar"
        ),
        path("calendar/", meeting_views.my_calendar, name="calendar"),
    ],
    "my",
)

urlpatterns = [
    path("communities/<slug:slug>/join/", views.join, name="join"),
    path("communities/<slug:slug>/join/check/", views.check, name="join-check"),
    path("join/agencies/", views.agencies, name="agencies"),
    path("join/", several_views.choose, name="join-several"),
    path("join/answers/", several_views.answers, name="join-several-answers"),
    path("join/check/", several_views.check, name="join-several-check"),
    path("join/discard/", several_views.discard, name="join-discard"),
    path("join/sent/", several_views.sent, name="join-several-sent"),
    path("my/", include(my)),
]
