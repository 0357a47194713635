"""An email is one person: look-alike letters and other spellings open nobody else's account or record."""

import re

import pytest
from django.apps import apps
from django.core import mail
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, models, transaction
from django.forms import modelform_factory

from communities.email_addresses import EmailField
from communities.models import SupportTeam
from membership.accounts.teams import is_lead, make_lead
from membership.models import Person, User
from membership.register.person_records import find_person, get_or_create_person, person_of_user
from tests import builders
from tests.membership.accounts.conftest import newest_code

pytestmark = [pytest.mark.django_db, pytest.mark.core]

LOGIN, CODE = "/accounts/login/", "/accounts/login/code/confirm/"
# PostgreSQL's UPPER makes these "IRENE@SHINE.EXAMPLE" or "IRIS@SHINE.EXAMPLE", Unicode's folding the others.
LOOK_ALIKES = ["ırene@shine.example", "iriſ@shine.example", "ｉris@shine.example"]


def sign_in(client, email, to):
    client.cookies.clear()
    client.post(LOGIN, {"email": email})
    client.post(CODE, {"code": newest_code(to)})
    return User.objects.get(pk=client.session["_auth_user_id"])


@pytest.mark.parametrize("typed", LOOK_ALIKES)
def test_a_look_alike_before_the_at_is_refused_and_locks_nobody_out(client, typed):
    page = client.post(LOGIN, {"email": typed})

    letter = next(c for c in typed if not c.isascii())
    assert f"The address has the letter “{letter}” before the @." in page.content.decode()
    assert f'value="{typed}"' in page.content.decode()
    assert (User.objects.count(), mail.outbox) == (0, [])
    irene = builders.worker("irene@shine.example", "Irene Sample")
    client.post(LOGIN, {"email": typed})
    assert sign_in(client, "irene@shine.example", "irene@shine.example") == irene


def test_a_look_alike_after_the_at_is_somebody_else(client):
    listed = Person.objects.create(name="Iris Sample", email="iris@shine.example")

    stranger = sign_in(client, "iris@shıne.example", "iris@xn--shne-mza.example")

    assert Person.objects.get(user=stranger) != listed
    assert Person.objects.get(pk=listed.pk).user is None


@pytest.mark.parametrize(
    "typed", ["Dana@BÜCHER.example", "dana@xn--bcher-kva.example", "dana＠bücher.example."]
)
def test_one_address_in_several_spellings_is_one_account(client, typed):
    dana = builders.worker("dana@xn--bcher-kva.example")

    assert sign_in(client, typed, "dana@xn--bcher-kva.example") == dana
    assert User.objects.count() == Person.objects.count() == 1


def test_a_refused_address_gets_the_same_page_whoever_is_known(client):
    def page():
        client.cookies.clear()
        text = client.post(LOGIN, {"email": "ırene@shine.example"}).content.decode()
        return re.sub(r'value="\w{64}"', "", text)

    before = page()
    builders.worker("irene@shine.example")
    assert page() == before


def test_verbs_and_commands_find_nobody_by_a_look_alike():
    irene = builders.worker("irene@shine.example", "Irene Sample")

    for refused in (
        lambda: make_lead(email="ırene@shine.example", name="Irene"),
        lambda: User.objects.create_user("ırene@shine.example"),
        lambda: get_or_create_person("ırene@shine.example"),
    ):
        with pytest.raises(ValidationError, match="the letter “ı”"):
            refused()
    with pytest.raises(CommandError, match="the letter “ı”"):
        call_command("remove_second_step", "ırene@shine.example")
    assert find_person("ırene@shine.example") is None
    assert User.objects.get() == irene
    assert not is_lead(irene)


def test_every_email_column_is_of_the_field_that_normalizes():
    columns = [
        field
        for app in ("communities", "membership", "joinrequests")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.fields
        if isinstance(field, models.EmailField)
    ]

    assert len(columns) >= 5
    assert [str(field) for field in columns if not isinstance(field, EmailField)] == []
    form = modelform_factory(SupportTeam, fields=["mailbox"])({"mailbox": "Team@BÜCHER.example"})
    assert form.is_valid()
    assert form.cleaned_data["mailbox"] == "team@xn--bcher-kva.example"


@pytest.mark.parametrize("model", [User, Person])
@pytest.mark.parametrize(
    "address",
    [
        "Dana@example.org",
        "ırene@shine.example",
        "dana@bücher.example",
        "dana@example.org\n",
    ],
)
def test_the_database_refuses_what_is_not_normal(model, address):
    row = model.objects.create(email="kim@example.org")

    with pytest.raises(IntegrityError, match="email_is_normal"), transaction.atomic():
        model.objects.filter(pk=row.pk).update(email=address)


def test_rows_from_before_go_on_working_and_are_listed_without_their_emails():
    builders.worker("dana@xn--bcher-kva.example")
    odd = User.objects.create(email="dana@bücher.example", email_is_odd=True)
    done = [
        User.objects.create(email="kim@bücher.example", email_is_odd=True, is_active=False),
        Person.objects.create(email="corrected@example.org", email_is_odd=True),
        Person.objects.create(email="", email_is_odd=True),
    ]
    listed = Person.objects.create(name="Dana", email="dana@bücher.example", email_is_odd=True)
    for row in (odd, listed, *done):
        row.save()
    assert person_of_user(odd) == listed

    warnings = [c.msg for c in run_checks(databases=["default"]) if c.id == "evabc.W002"]

    assert warnings == [
        f"The emails of these accounts are not in their normal form: [{odd.pk}].",
        f"The emails of these people are not in their normal form: [{listed.pk}].",
    ]
