"""Staff say that two similar records are two people, or undo that."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.errors import refusal_as_warning
from membership.models import Person
from membership.people.near import take_back, tell_apart
from membership.register.kept import at_kept_record


@at_kept_record(Person)
@require_POST
def someone_else(request: AuthenticatedRequest, pk: int, other: int) -> HttpResponse:
    """From a button beside a similar record. It leads back to the page that it was on."""
    if not families_of(request.user):
        raise Http404("There is no such person.")
    with refusal_as_warning(request):
        if "back" in request.POST:
            take_back(person_id=pk, other_id=other, by=request.user)
            messages.success(request, "Undone. The two records are shown as similar again.")
        else:
            tell_apart(person_id=pk, other_id=other, by=request.user, now=timezone.now())
            messages.success(
                request,
                "Recorded: someone else. You can undo this on the page of each person.",
            )
    return HttpResponseRedirect(page_before(request, pk))


def page_before(request: HttpRequest, pk: int) -> str:
    """The page from which staff came to answer whether it is the same person, or else that of the person."""
    page = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(page, {request.get_host()})
    return page if is_ours else reverse("admin:membership_person_change", args=[pk])
