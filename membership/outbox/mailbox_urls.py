"""The mailbox of local mode; these addresses do not exist elsewhere."""

from django.urls import path

from membership.outbox import mailbox

urlpatterns = [
    path("", mailbox.mailbox, name="mailbox"),
    path("<slug:name>/", mailbox.letter, name="mailbox-letter"),
]
