"""The pages of one community for its members, below ``/my/communities/<slug>/``."""

from django.urls import path

from membership.access import my_views as access_views
from membership.resources import views as resource_views
from membership.sharing import introduction_views, member_views
from membership.topics import member_views as topic_views

urlpatterns = [
    path("", member_views.home, name="community"),
    path("meetings/", member_views.meetings, name="community-meetings"),
    path("announcements/", member_views.announcements, name="announcements"),
    path("resources/", resource_views.resources, name="resources"),
    path("resources/offer/", resource_views.offer, name="offer-resource"),
    path("resources/<int:pk>/file/", resource_views.file, name="resource-file"),
    path("resources/<int:pk>/name/", resource_views.name, name="resource-name"),
    path("resources/<int:pk>/withdraw/", resource_views.withdraw, name="withdraw-resource"),
    path(
        "resources/<int:pk>/offer-again/", resource_views.offer_again, name="offer-resource-again"
    ),
    path("members/", introduction_views.members, name="members"),
    path("members/me/", introduction_views.edit_introduction, name="introduction"),
    path("members/me/hide/", introduction_views.hide_introduction, name="hide-introduction"),
    path("topics/", topic_views.topics, name="topics"),
    path("topics/new/", topic_views.new_topic, name="new-topic"),
    path("topics/<int:pk>/", topic_views.topic, name="topic"),
    path("topics/<int:pk>/support/", topic_views.support, name="topic-support"),
    path("topics/<int:pk>/withdraw/", topic_views.withdraw, name="topic-withdraw"),
    path("topics/<int:pk>/name/", topic_views.show_name, name="topic-name"),
    path("slack/", access_views.slack, name="slack"),
    path("slack/link/", access_views.slack_link, name="slack-link"),
    path("slack/joined/", access_views.slack_joined, name="slack-joined"),
]
