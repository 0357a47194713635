"""The queue that a page was opened from, and the way back to it as it was."""

from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

# The admin's own name for the parameters of a list in the address of a page opened from it.
QUEUE_PARAMETER = "_changelist_filters"


def queue_parameters(request: HttpRequest) -> dict[str, str]:
    """The parameters of the queue that this page was opened from."""
    return QueryDict(request.GET.get(QUEUE_PARAMETER, "")).dict()


def queue_query(request: HttpRequest) -> str:
    """What to add to an address so that the next page knows the queue too."""
    queue = request.GET.get(QUEUE_PARAMETER, "")
    return f"?{urlencode({QUEUE_PARAMETER: queue})}" if queue else ""


def to_queue(request: HttpRequest) -> HttpResponseRedirect:
    """Back to the queue as it was."""
    parameters = request.GET.get(QUEUE_PARAMETER, "")
    queue = reverse("admin:joinrequests_joinrequest_changelist")
    return redirect(f"{queue}?{parameters}" if parameters else queue)


def to_review(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    """Back to the review page, which still knows the queue."""
    review = reverse("admin:joinrequests_joinrequest_change", args=[pk])
    return redirect(review + queue_query(request))
