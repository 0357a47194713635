"""The members of a community who have introduced themselves, and one's own introduction."""

from itertools import groupby
from typing import ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communities.rules.vocabulary import Region
from membership.accounts.requests import AuthenticatedRequest
from membership.errors import refusal_as_form_error, refusal_as_warning
from membership.forms import ParagraphsField, SingleLineField
from membership.models import Introduction
from membership.sharing.introductions import (
    introduce,
    introductions_to,
    take_back_introduction,
)
from membership.sharing.members import Member, members_only


class IntroductionForm(forms.ModelForm):
    """What the others see. Everything but the name can stay empty."""

    role = SingleLineField(
        label="Your role (optional)",
        max_length=80,
        required=False,
        help_text="For example: outreach worker.",
    )
    region = forms.ChoiceField(
        label="Your region (optional)",
        choices=[("", "No region"), *Region.choices],
        required=False,
    )
    talks_about = ParagraphsField(
        label="What you would like to talk about (optional)",
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For example: working with interpreters, or groups for youth. "
        "Please do not write anything about the people you serve.",
    )
    workplace = SingleLineField(
        label="Your workplace (optional)",
        max_length=120,
        required=False,
        help_text="Leave this empty unless you are sure that the other members may know where you work.",
    )

    class Meta:
        model = Introduction
        fields = ("role", "region", "talks_about", "workplace", "shows_email")
        labels: ClassVar = {"shows_email": "Show my email to the other members"}
        help_texts: ClassVar = {"shows_email": "A work email often says where you work."}


@require_safe
@members_only
def members(request: AuthenticatedRequest, member: Member) -> HttpResponse:
    """Those who have introduced themselves, by region, and how to do the same."""
    shown = list(introductions_to(member.community, on=timezone.localdate()))
    order = {value: number for number, value in enumerate([*Region.values, ""])}
    shown.sort(key=lambda one: order[one.region])
    by_region = groupby(shown, key=lambda one: one.get_region_display() or "No region given")
    own = Introduction.objects.filter(enrolment=member.enrolment, removed_at=None).first()
    return render(
        request,
        "my/community/members.html",
        {
            "member": member,
            "own": own,
            "regions": [(region, list(people)) for region, people in by_region],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
def edit_introduction(request: AuthenticatedRequest, member: Member) -> HttpResponse:
    """Their own introduction: written for the first time, or changed."""
    own = Introduction.objects.filter(enrolment=member.enrolment).first()
    form = IntroductionForm(request.POST if request.method == "POST" else None, instance=own)
    up = ("Members", reverse("my:members", args=[member.community.slug]))
    if form.is_valid():
        with refusal_as_form_error(form):
            introduce(
                enrolment_id=member.enrolment.pk,
                by=request.user,
                now=timezone.now(),
                **form.cleaned_data,
            )
            messages.success(request, "The other members can see your introduction now.")
            return redirect(up[1])
    return render(
        request,
        "my/form.html",
        {
            "up": up,
            "heading": "Change your introduction" if own else "Introduce yourself",
            "lede": f"Members of {member.community.short_name} will be able to read your name, {member.person.name}, "
            "and what you write here. So will EVA BC staff. You can withdraw it at any time.",
            "form": form,
            "button": "Save" if own else "Show this to the members",
            "back": ("Cancel", up[1]),
        },
    )


@require_POST
@members_only
def hide_introduction(request: AuthenticatedRequest, member: Member) -> HttpResponse:
    """Take their own introduction back."""
    with refusal_as_warning(request):
        if take_back_introduction(enrolment_id=member.enrolment.pk, by=request.user):
            messages.success(request, "The other members no longer see you.")
    return redirect("my:members", member.community.slug)
