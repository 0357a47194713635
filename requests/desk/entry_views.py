"""Staff add a request that they received by email or phone: choose a community, fill in its form."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from communities.email_addresses import EmailFormField
from communities.models import CommunityOfPractice
from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import desk_page
from membership.errors import RefusedError
from membership.models import Person
from membership.people.near import NearRecord, near_record, tell_apart
from membership.people.shared_mailboxes import allow_if_confirmed, ask_if_shared
from membership.register.person_records import find_person
from requests import workflow
from requests.desk.forms import ask_if_someone_else
from requests.desk.review import communities_of
from requests.joining.forms import JoinForm, declaration_of, join_form_for
from requests.lifecycle import OPEN
from requests.models import CameBy, JoinRequest

_TITLE = "Add a request by phone or email"
_TEMPLATE = "desk/requests/entry/enter.html"


class EntryFields(forms.Form):
    """Who asked, how, and their agreement."""

    email = EmailFormField(
        label="The applicant’s work email",
        help_text="We send emails to this address. When they sign in with it, they see the request on My page.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter the applicant’s work email."},
    )
    came_by = forms.ChoiceField(
        label="How did the request arrive?",
        choices=CameBy.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how the request arrived."},
    )
    agreed = forms.BooleanField(
        label="The applicant asked us to enter this request and agreed that EVA BC may keep these answers.",
        error_messages={
            "required": "Select the checkbox to confirm that the applicant asked for this and agreed."
        },
    )


def entry_form_for(community: CommunityOfPractice, data: QueryDict | None) -> JoinForm:
    """The join form of a community between the fields above, worded for staff."""
    form = join_form_for(community, data)
    for field in form.fields.values():
        declared = declaration_of(field)
        field.label = declared.entry_label or field.label
        field.help_text = declared.entry_help or field.help_text
        field.error_messages["required"] = f"Enter the {str(field.label).lower()}."
        if isinstance(field, forms.ChoiceField):
            field.error_messages["required"] = f"Choose an answer to “{field.label}”"
            words = declared.entry_choices
            field.choices = [(key, words.get(key, label)) for key, label in field.choices]  # type: ignore[misc, union-attr]
        if isinstance(field.widget, forms.TextInput):
            # Else the browser offers the staff member's own details.
            field.widget.attrs["autocomplete"] = "off"
    asked = EntryFields().fields
    agreed = asked.pop("agreed")
    form.fields = {**asked, **form.fields, "agreed": agreed}
    ask_if_shared(form)
    return form


@require_safe
def choose(request: AuthenticatedRequest) -> HttpResponse:
    """Choose one of the communities of the viewer's team."""
    communities = communities_of(request.user)
    return desk_page(request, _TEMPLATE, title=_TITLE, communities=communities)


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """The form for a community of the viewer's team."""
    community = get_object_or_404(communities_of(request.user).select_related("team"), slug=slug)
    form = entry_form_for(community, request.POST if request.method == "POST" else None)
    existing = None
    near: list[NearRecord] = []
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        known = find_person(data["email"])
        asked = known or Person(email=data["email"])
        asked.name, asked.phone = data["name"], data["phone"]  # as it is written here
        # There is no second record yet to merge.
        near = ask_if_someone_else(
            form, near_record(asked, viewer=request.user), or_else="enter the email of that record"
        )
        form.full_clean()
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        entry = {*EntryFields.base_fields, "only_theirs", "someone_else"}
        answers = {k: v for k, v in data.items() if k not in entry}
        now = timezone.now()
        try:
            entered = workflow.submit_for(
                email=data["email"],
                community=community,
                answers=answers,
                came_by=CameBy(data["came_by"]),
                by=request.user,
                now=now,
            )
            if not entered.name_check:
                allow_if_confirmed(form, name=entered.person.name, by=request.user, now=now)
        except RefusedError as refusal:
            form.add_error(None, str(refusal))
            # Their open request, for a link to it.
            existing = JoinRequest.objects.filter(
                person=find_person(data["email"]), community=community, state__in=OPEN
            ).first()
        else:
            # Whose request it is, the name check says first.
            for record in near if not entered.name_check else ():
                pair = {"person_id": entered.person.pk, "other_id": record.person.pk}
                tell_apart(**pair, by=request.user, now=now)
            messages.success(
                request,
                f"Request added. A confirmation is on its way to {entered.short_name}.",
            )
            return redirect("admin:joinrequests_joinrequest_change", entered.pk)
    title = f"{_TITLE}: {community.short_name}"
    return desk_page(
        request,
        _TEMPLATE,
        title=title,
        form=form,
        community=community,
        existing=existing,
        near=near,
    )
