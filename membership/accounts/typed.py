"""What someone has typed outlives the end of their session, and a code that is asked for first.

A form that cannot be accepted now is kept in the browser's session: for an hour, and for the person who
filled it in. When they open its page again, Django fills in what they typed. Nothing is sent by itself.
Nothing is kept for anyone who was not signed in when they opened the form.
"""

import time
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.forms import BaseForm, BoundField
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.views import csrf
from django_htmx.http import HttpResponseClientRedirect, HttpResponseStopPolling

MAX_FORMS = 3  # in a session: forms in as many tabs
MAX_ROWS = 20  # added to one list of a form
NOT_KEPT = {"csrfmiddlewaretoken", "code", "credential"}
KEPT_MESSAGE = "We kept what you typed. Sign in and it will be back in the form."
NOT_KEPT_MESSAGE = "You are not signed in, so what you sent was not saved."

# Session key: whether the person who signed in is also the last one who did so in this browser.
SAME_PERSON = "signed_in_here_last"
_FORMS = "typed_forms"  # session key
_TYPED_BY = "typed_by"  # session key: whose session ended in this browser

# What goes back into the forms of the page that is being answered.
typed_again: ContextVar[MultiValueDict[str, str] | None] = ContextVar("typed_again", default=None)


def keep(request: HttpRequest, *, user_id: int | None) -> str:
    """Keep the posted form for this user. Returns the address of its page."""
    form = {
        "user": user_id,
        "action": request.path,
        "page": page_of(request),
        "typed": _fields(request),
        "until": time.time() + settings.SESSION_COOKIE_AGE,
    }
    forms = [other for other in kept_forms(request) if other["action"] != request.path]
    request.session[_FORMS] = [*forms, form][-MAX_FORMS:]
    if request.FILES:
        messages.info(request, "Files are not kept. Choose yours again.")
    return str(form["page"])


def keep_if_posted(request: HttpRequest, *, otherwise: str = "") -> str:
    """Keep the form of the user who is signed in, if they sent one. Returns the page to return to."""
    if _fields(request):
        keep(request, user_id=request.user.pk)
    return page_of(request, otherwise=otherwise)


def page_of(request: HttpRequest, *, otherwise: str = "") -> str:
    """The page to return to: this one, or the page of the form that was sent or updates itself."""
    if request.method in ("GET", "HEAD") and not request.htmx:  # type: ignore[attr-defined]
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    if came_from.netloc != request.get_host():
        return otherwise or request.get_full_path()
    path = f"/{came_from.path.lstrip('/')}"  # two slashes would lead to another site
    return came_from._replace(scheme="", netloc="", path=path, fragment="").geturl()


def end_session(request: HttpRequest, end: Any) -> None:
    """Call ``end`` to sign the user out, and remember for an hour whose form may still be sent."""
    user_id, forms = request.user.pk, kept_forms(request)
    end(request)
    request.session[_TYPED_BY] = user_id
    if forms:
        request.session[_FORMS] = forms


def put_back(request: HttpRequest) -> None:
    """Fill the forms of the page that this user has opened. Forget a form that they send now, and what was
    kept for someone else."""
    session, forms = request.session, kept_forms(request)
    session.pop(_TYPED_BY, None)
    if request.method == "POST":
        forms = [form for form in forms if form["action"] != request.path]
    if forms != session.get(_FORMS, []):
        session[_FORMS] = forms
    for form in forms if request.method == "GET" else []:
        if request.path in (form["action"], urlsplit(form["page"]).path):
            typed_again.set(MultiValueDict(form["typed"]))


def follow(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Lead to the sign-in and back to the page of the form, and keep what was typed there.

    The page of a kept form may redirect to another one, which then shows the form.
    """
    if response.status_code != 302:
        return response
    url, sign_in = response.headers["Location"], reverse("account_login")
    to = urlsplit(url)
    wanted = parse_qs(to.query).get(REDIRECT_FIELD_NAME)
    asks_to_sign_in = to.path in (sign_in, reverse("admin:login"))
    if asks_to_sign_in and request.user.is_authenticated:
        return response  # a member who opened a page of the desk, which leads them to their own
    if asks_to_sign_in and wanted == [request.get_full_path()]:
        page, user_id = page_of(request), request.session.get(_TYPED_BY)
        if user_id and _fields(request):
            keep(request, user_id=user_id)
            messages.info(request, KEPT_MESSAGE)
        elif settings.SESSION_COOKIE_NAME in request.COOKIES and _fields(request):
            # A lead or the portal has ended their session, so no one knows whose form it is.
            messages.warning(request, NOT_KEPT_MESSAGE)
        return lead_to(request, redirect_to_login(page, sign_in).url)
    if typed_again.get() is not None and not to.path.startswith("/accounts/"):
        forms = kept_forms(request)
        for form in forms:
            if form["page"] == request.get_full_path():
                form["page"] = url
        request.session[_FORMS] = forms
    return response


def lead_to(request: HttpRequest, url: str) -> HttpResponse:
    """Redirect the whole page, also where only a part of it was requested.

    A page that asks ``in_background`` stays, with what is typed there, and asks no more.
    """
    if request.htmx and "in_background" in request.GET:  # type: ignore[attr-defined]
        return HttpResponseStopPolling()
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)  # type: ignore[attr-defined]


def form_of_an_old_page(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without a valid CSRF token.

    Someone who has signed in again in another tab sends it from a page of the portal, which the browser
    confirms in the header Origin. They get the page again, with what they typed. If someone else had signed
    in there before, the page may be theirs, and nothing is kept. Suggestions for the agency field are not
    worth leaving the form for: they send that field alone.
    """
    if (
        is_from_here(request)
        and request.path != reverse("agencies")
        and request.user.is_authenticated
        and request.session.get(SAME_PERSON)
    ):
        return lead_to(request, keep(request, user_id=request.user.pk))
    return csrf.csrf_failure(request, reason)


def is_from_here(request: HttpRequest) -> bool:
    """Whether the browser says that a page of the portal sent this form."""
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


class TypedAgainField(BoundField):
    """A field of any form, with what was typed into it before."""

    def value(self) -> Any:
        typed, widget, name = typed_again.get(), self.field.widget, self.html_name
        if (
            typed is None
            or self.form.is_bound
            or widget.is_hidden
            or self.field.disabled
            or not _is_form_of(typed, self.form)
            or widget.value_omitted_from_data(typed, MultiValueDict(), name)
        ):
            return super().value()
        return self.field.prepare_value(widget.value_from_datadict(typed, MultiValueDict(), name))


class TypedAgainRenderer(TemplatesSetting):
    """Renders all forms of the project."""

    bound_field_class = TypedAgainField


def typed_rows(prefix: str) -> int:
    """How many rows someone had added to this formset."""
    typed = typed_again.get() or MultiValueDict()
    total, initial = (typed.get(f"{prefix}-{n}_FORMS", "") for n in ("TOTAL", "INITIAL"))
    is_read = total.isdecimal() and initial.isdecimal()
    return min(int(total) - int(initial), MAX_ROWS) if is_read else 0


def _is_form_of(typed: MultiValueDict[str, str], form: BaseForm) -> bool:
    """Whether this is the form that was sent, and if it is a row of a list, the same row."""
    key = str(getattr(getattr(form, "instance", None), "pk", None) or "")
    return typed.get(form.add_prefix("id"), key) == key and any(
        form.add_prefix(name) in typed for name in form.fields
    )


def _fields(request: HttpRequest) -> dict[str, list[str]]:
    """What was typed or chosen; nothing for a form that is only a button."""
    return {name: values for name, values in request.POST.lists() if name not in NOT_KEPT}


def kept_forms(request: HttpRequest) -> list[dict[str, Any]]:
    """The forms kept in this session: none of another user, none after an hour."""
    whose = request.user.pk or request.session.get(_TYPED_BY)
    return [
        form
        for form in request.session.get(_FORMS, [])
        if form["user"] == whose and form["until"] > time.time()
    ]
