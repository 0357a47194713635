"""Their pages about meetings, below /my/."""

from django.urls import path

from membership.meetings import views

urlpatterns = [
    path("meetings/", views.meetings, name="meetings"),
    path("meetings/<int:pk>/", views.meeting, name="meeting"),
    path("meetings/<int:pk>/answer/", views.answer, name="meeting-answer"),
    path("meetings/<int:pk>/join/", views.join, name="meeting-join"),
    path("meetings/<int:pk>/meeting.ics", views.meeting_calendar, name="meeting-calendar"),
    path("calendar/", views.my_calendar, name="calendar"),
]
