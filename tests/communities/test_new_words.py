"""The migration that brings the catalogue's new words leaves what staff have written."""

from hashlib import sha256
from importlib import import_module

import pytest
from django.apps import apps

from communities.models import CommunityOfPractice, Passage

pytestmark = pytest.mark.django_db


def test_only_words_that_staff_have_not_changed_become_new(monkeypatch):
    migration = import_module("communities.migrations.0004_words_of_the_catalogue")
    old = sha256(b"As it was.").hexdigest()[:12]
    monkeypatch.setattr(migration, "BEFORE", frozenset([old]))
    new = Passage.objects.get(key="what-is").text
    Passage.objects.filter(key="what-is").update(text="As it was.", heading="Ours")
    CommunityOfPractice.objects.filter(slug="stvc").update(summary="As it was.")
    CommunityOfPractice.objects.filter(slug="ors").update(summary="Staff wrote this.")

    migration.renew_words(apps, None)

    passage = Passage.objects.get(key="what-is")
    assert (passage.text, passage.heading) == (new, "Ours")
    summaries = dict(CommunityOfPractice.objects.values_list("slug", "summary"))
    assert summaries["stvc"] != "As it was."
    assert summaries["ors"] == "Staff wrote this."
