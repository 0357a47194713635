"""The pages of one community for its members, below ``/my/communities/<slug>/``."""

from django.urls import path

from membership.access import my_views as access_views
from membership.sharing import introduction_views, member_views

urlpatterns = [
    path("", member_views.home, name="community"),
    path("announcements/", member_views.announcements, name="announcements"),
    path("members/", introduction_views.members, name="members"),
    path("members/me/", introduction_views.edit_introduction, name="introduction"),
    path("members/me/hide/", introduction_views.hide_introduction, name="hide-introduction"),
    path("slack/", access_views.slack, name="slack"),
    path("slack/link/", access_views.slack_link, name="slack-link"),
    path("slack/joined/", access_views.slack_joined, name="slack-joined"),
]
