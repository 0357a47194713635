from django.urls import path

from communities import views

urlpatterns = [
    path("", views.home, name="home"),
    path("communities/", views.community_list, name="communities"),
    path("communities/<slug:slug>/", views.community, name="community"),
    path("questions/", views.questions, name="questions"),
    path("search/", views.search, name="search"),
    path("accessibility/", views.accessibility, name="accessibility"),
]
