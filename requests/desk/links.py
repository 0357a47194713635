"""The queue behind a page: which one it was opened from, and the way back to it as it was."""

from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

# The admin's own name for the queue's parameters in the address of a page behind the queue.
BEHIND = "_changelist_filters"


def asked_of(request: HttpRequest) -> dict[str, str]:
    """The parameters of the queue that this page was opened from."""
    return QueryDict(request.GET.get(BEHIND, "")).dict()


def queue_query(request: HttpRequest) -> str:
    """What to add to an address so that the next page knows the queue too."""
    behind = request.GET.get(BEHIND, "")
    return f"?{urlencode({BEHIND: behind})}" if behind else ""


def to_queue(request: HttpRequest) -> HttpResponseRedirect:
    """Back to the queue as it was."""
    behind = request.GET.get(BEHIND, "")
    queue = reverse("admin:joinrequests_joinrequest_changelist")
    return redirect(f"{queue}?{behind}" if behind else queue)


def to_review(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    """Back to the review page, with the queue behind it."""
    review = reverse("admin:joinrequests_joinrequest_change", args=[pk])
    return redirect(review + queue_query(request))
