"""Staff enter a request that came by email or phone: the choice of a community, and the form."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from communities.models import CommunityOfPractice
from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import desk_page
from membership.errors import RefusedError
from membership.register.person_records import find_person
from requests import workflow
from requests.desk.review import communities_of
from requests.joining.forms import JoinForm, declaration_of, join_form_for
from requests.lifecycle import OPEN
from requests.models import CameBy, JoinRequest

_TITLE = "Enter a request for somebody"
_TEMPLATE = "desk/requests/entry/enter.html"


class EntryFields(forms.Form):
    """Who asked, how, and that they did."""

    email = forms.EmailField(
        label="The applicant’s work email",
        max_length=254,
        help_text="The letters go there. Signing in with it shows the request under “My requests”.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Type the applicant’s work email.",
            "invalid": "Type an email address like name@agency.example.",
            "max_length": "This is longer than an email address can be. Type it again.",
        },
    )
    came_by = forms.ChoiceField(
        label="How did the request come?",
        choices=CameBy.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say how the request came."},
    )
    agreed = forms.BooleanField(
        label="The applicant asked us to enter this request, and agreed that EVA BC keeps these answers.",
        error_messages={"required": "Tick that the applicant asked for this and agreed."},
    )


def entry_form_for(community: CommunityOfPractice, data: QueryDict | None) -> JoinForm:
    """The join form of a community between the fields above.

    The questions about the work stay as the applicant reads them: staff ask them on the phone.
    """
    form = join_form_for(community, data)
    for field in form.fields.values():
        field.label = declaration_of(field).entry_label or field.label
        if isinstance(field.widget, forms.TextInput):
            # The browser would offer what staff are called themselves.
            field.widget.attrs["autocomplete"] = "off"
    asked = EntryFields().fields
    agreed = asked.pop("agreed")
    form.fields = {**asked, **form.fields, "agreed": agreed}
    return form


def answers_in(form: JoinForm) -> dict[str, Any]:
    """Of a valid form, the answers alone."""
    return {k: v for k, v in form.cleaned_data.items() if k not in EntryFields.base_fields}


@require_safe
def choose(request: AuthenticatedRequest) -> HttpResponse:
    """For which community? Those of the viewer's own team."""
    communities = communities_of(request.user)
    return desk_page(request, _TEMPLATE, title=_TITLE, communities=communities)


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """The form; the other team's communities do not exist here."""
    community = get_object_or_404(communities_of(request.user).select_related("team"), slug=slug)
    form = entry_form_for(community, request.POST if request.method == "POST" else None)
    existing = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            entered = workflow.submit_for(
                email=data["email"],
                community=community,
                answers=answers_in(form),
                came_by=CameBy(data["came_by"]),
                by=request.user,
                now=timezone.now(),
            )
        except RefusedError as refusal:
            form.add_error(None, str(refusal))
            # The open request that is there already, for a link to it.
            existing = JoinRequest.objects.filter(
                person=find_person(data["email"]), community=community, state__in=OPEN
            ).first()
        else:
            messages.success(
                request, f"Entered. The receipt to {entered.person.short_name} is on its way."
            )
            return redirect("admin:joinrequests_joinrequest_change", entered.pk)
    title = f"{_TITLE}: {community.short_name}"
    return desk_page(
        request, _TEMPLATE, title=title, form=form, community=community, existing=existing
    )
