"""The admin's form of a community, as a test fills it in."""

from django.forms import BaseForm
from django.test import Client


def community_form(client: Client, path: str) -> tuple[dict[str, object], list[BaseForm]]:
    """What the form at this address sends as it stands, and its forms of rules."""
    shown = client.get(path).context
    formset = shown["inline_admin_formsets"][0].formset
    forms = [shown["adminform"].form, formset.management_form, *formset.forms]
    values = {field.html_name: field.value() for form in forms for field in form}
    typed = {name: v for name, v in values.items() if v is not None and v is not False}
    return typed, formset.forms
