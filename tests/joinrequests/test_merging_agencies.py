"""Merging two agencies: nothing is lost, every row comes back, and each refusal changes nothing."""

from collections import Counter
from datetime import date, timedelta
from functools import partial
from random import Random

import pytest
from django.contrib.admin.models import LogEntry
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from communities.rules.vocabulary import ProgramType
from membership.errors import RefusedError
from membership.models import (
    Agency,
    AgencyAlias,
    AgencyMerge,
    EvaMembership,
    ListKind,
    Person,
    Program,
    ProgramPosition,
    WorklistRow,
)
from membership.recorded_changes import foreign_keys_to
from membership.register import verbs
from membership.register.agencies import find_agency
from membership.register.merging import why_no_agency_undo
from membership.register.names import name_key
from membership.rosters.enrolments import enrol
from membership.search import filter_by_words
from requests import workflow
from requests.desk import matching
from requests.desk.agency_merge_views import what_happens
from requests.lifecycle import OPEN, State
from requests.merging_agencies import merge_agencies, undo_merge
from requests.models import JoinRequest
from requests.my.privacy import all_that_is_held, erase
from tests import builders
from tests.joinrequests.test_merging import every_row
from tests.membership.imports.lists import apply_list, sentences
from tests.threads import all_at_once

pytestmark = [pytest.mark.django_db, pytest.mark.core]

NOW, TODAY = builders.NOW, builders.NOW.date()
LISTED = {"evidence": "listed", "list_name": "the list", "list_as_of": date(2026, 4, 1)}
NEWER = {**LISTED, "list_as_of": date(2026, 5, 1)}
CONFIRMED = {"evidence": "confirmed", "confirmed_on": date(2026, 3, 1)}
HOUSE, CENTRE = "Sample House Society", "The Sample House Soc"
PLACES = ["", "Sampleton", "SAMPLETON", "Example Harbour"]


def merge(kept: Agency, merged: Agency, by) -> AgencyMerge:
    return merge_agencies(keep_id=kept.pk, merge_id=merged.pk, by=by, now=NOW)


def undo(done: AgencyMerge, by) -> AgencyMerge:
    return undo_merge(merge_id=done.pk, by=by, now=NOW + timedelta(hours=1))


@pytest.fixture
def pair() -> tuple[Agency, Agency]:
    return Agency.objects.create(name=HOUSE, city="Sampleton"), Agency.objects.create(name=CENTRE)


# -- A property of random pairs ----------------------------------------------------------------------


def random_agency(random: Random, name: str, number: int) -> Agency:
    """An agency with something of each kind, or not."""

    def some(most=2):
        return range(random.randint(0, most))

    agency = Agency.objects.create(
        name=name, city=random.choice(["", "Sampleton", "Example"]),
        contact_email=random.choice(["", f"office{number}@example.org"]),
    )  # fmt: skip
    for n in some():
        agency.aliases.create(name=f"Alias {number} {n}", how=random.choice(["former", "spelling"]))
    agency.save()
    evidence = [{}, LISTED, NEWER, CONFIRMED]
    for type_, place in random.sample(
        [(t, p) for t in ("STVC", "SAS") for p in PLACES], random.randint(0, 4)
    ):
        Program.objects.create(
            agency=agency, type=type_, community_served=place, funder=random.choice(["", "PSSG", "OTHER"]),
            region=random.choice(["", "KOOTENAY"]), **random.choice(evidence),
        )  # fmt: skip
    for start in some():
        first = date(2024 + start * 2, random.randint(1, 12), 1)
        EvaMembership.objects.create(
            agency=agency, starts_on=first, ends_on=first + timedelta(random.randint(0, 380)),
            is_held=random.random() < 0.8, **random.choice(evidence),
        )  # fmt: skip
    for n in some(3):
        person = Person.objects.create(name=f"Person {number}.{n}")
        program = random.choice([None, *agency.programs.all()])
        ProgramPosition.objects.create(
            person=person, program=program, program_type="SAS", agency_name=name,
            agency=random.choice([agency, None]), carries_caseload=random.choice([True, None]),
        )  # fmt: skip
        state = random.choice([*OPEN, State.DECLINED])
        JoinRequest.objects.create(
            person=person, community=builders.community("sas"), state=state, created_at=NOW,
            submitted_at=NOW, assessment={}, agency=random.choice([agency, None]), agency_name=name,
            decided_at=NOW if state == State.DECLINED else None,
            asked_on=TODAY if state == State.AWAITING_REPLY else None,
        )  # fmt: skip
    return agency


def held(*agencies: Agency) -> dict[str, object]:
    """What these agencies hold together, in the sense in which a merge keeps it."""
    of = {"agency__in": agencies}
    programs = Program.objects.filter(**of)
    aliases = AgencyAlias.objects.filter(**of)
    days: set[date] = set()
    for row in EvaMembership.objects.filter(**of, is_held=True):
        length = (row.ends_on - row.starts_on).days + 1
        days |= {row.starts_on + timedelta(n) for n in range(length)}
    services = {(p.type, name_key(p.community_served)) for p in programs}
    known = [p for p in programs if p.funder]
    rank = ["claimed", "listed", "confirmed"]
    best: dict[tuple[str, str], tuple[int, date]] = {}
    for program in known:
        key = (program.type, name_key(program.community_served))
        strength = rank.index(program.evidence), program.list_as_of or TODAY
        best[key] = max(strength, best.get(key, strength))
    positions = ProgramPosition.objects.filter(program__in=programs)
    return {
        "names": {a.name_key for a in agencies} | {a.name_key for a in aliases},
        "services": services,
        "funding": best,
        "positions in": Counter(
            (p.pk, job.type, name_key(job.community_served))
            for p in positions
            if (job := p.program)
        ),
        "positions at": set(ProgramPosition.objects.filter(**of).values_list("pk", flat=True)),
        "membership days": days,
        "no memberships": EvaMembership.objects.filter(**of, is_held=False).count(),
        "requests": set(JoinRequest.objects.filter(**of).values_list("pk", flat=True)),
    }


def check_a_random_pair(random: Random) -> None:
    lead = builders.lead()
    kept, merged = (random_agency(random, n, i) for i, n in enumerate((HOUSE, CENTRE)))
    before, rows = held(kept, merged), every_row()
    said = what_happens(kept, merged)

    done = merge(kept, merged, lead)

    kept.refresh_from_db()
    assert held(kept) == before
    assert not Agency.objects.filter(pk=done.merged_id).exists()
    for model, name in foreign_keys_to(Agency):
        assert not model._base_manager.filter(**{name: done.merged_id}).exists()
    keys = [(p.type, name_key(p.community_served)) for p in kept.programs.all()]
    became_one = sum("It becomes one program" in sentence for sentence in said)
    gone = len([key for key in rows if key[0] is Program]) - Program.objects.count()
    assert became_one == gone
    assert len(keys) >= len(set(keys))
    theirs = JoinRequest.objects.filter(agency=kept)
    assert set(filter_by_words(JoinRequest.objects.all(), CENTRE)) >= set(theirs)
    assert why_no_agency_undo(done) == ""

    undo(done, lead)

    again = every_row()
    assert {key: again.get(key) for key in rows} == rows
    assert {model for model, _ in again.keys() - rows.keys()} == {AgencyMerge}


def rolled_back(seed: int) -> None:
    with transaction.atomic():
        check_a_random_pair(Random(seed))  # noqa: S311
        transaction.set_rollback(True)


SEEDS = st.integers(0, 2**32)


@settings(max_examples=10)
@given(SEEDS)
def test_a_merge_of_any_two_agencies_loses_nothing_and_is_undone_row_by_row(seed):
    rolled_back(seed)


@pytest.mark.slow
@settings(max_examples=1_000)
@given(SEEDS)
def test_the_same_of_a_thousand_pairs(seed):
    rolled_back(seed)


# -- What a merge does --------------------------------------------------------------------------------


def test_everything_is_found_under_both_names_and_a_member_meets_the_rules_by_facts_of_both(
    camille, pair
):
    """One spelling had the funding, the other one the membership."""
    kept, merged = pair
    funded = {"funder": "PSSG", **LISTED}
    here = Program.objects.create(agency=kept, type="SAS", community_served="Sampleton", **funded)
    there = Program.objects.create(agency=merged, type="SAS", community_served="sampleton")
    EvaMembership.objects.create(
        agency=merged, starts_on="2026-01-01", ends_on="2026-12-31", **LISTED
    )
    dana = builders.worker().person
    position = dana.positions.create(program=there, carries_caseload=True, **LISTED)
    with transaction.atomic():
        enrolment = enrol(person=dana, community=builders.community("sas"), on=TODAY, now=NOW)
    asked = builders.sent(
        builders.worker("kim@example.org"), agency=CENTRE.lower(), program_type="SAS"
    )

    done = merge(kept, merged, camille)  # the register is common to both teams

    position.refresh_from_db()
    asked.refresh_from_db()
    assert (position.program, kept.programs.get()) == (here, here)
    assert (asked.agency, asked.agency_name) == (kept, HOUSE)
    assert len(matching.claimed_rows(asked)[0]) == 1
    assert find_agency(CENTRE.upper()) == kept
    assert kept.aliases.get().how == "merged"
    assert kept.eva_memberships.count() == 1
    assert not WorklistRow.objects.filter(enrolment=enrolment, state="open").exists()
    words = [entry.change_message for entry in LogEntry.objects.order_by("pk")]
    assert words == [f"Merged with {CENTRE}.", f"Merged into {HOUSE}."]
    plan = apply_list(ListKind.AGENCIES, "Agency,City", f"{CENTRE},", dry_run=True)
    assert sentences(plan) == [f"in the register as {HOUSE}"]

    undo(done, camille)

    asked.refresh_from_db()
    assert (find_agency(CENTRE), asked.agency) == (merged, merged)


@pytest.mark.parametrize(
    ("of_kept", "of_merged", "funder"),
    [
        ({"funder": "OTHER", **LISTED}, {"funder": "PSSG", **CONFIRMED}, "PSSG"),
        ({"funder": "OTHER", **LISTED}, {"funder": "PSSG", **NEWER}, "PSSG"),
        ({"funder": "OTHER", **NEWER}, {"funder": "PSSG", **LISTED}, "OTHER"),
        ({"funder": "OTHER"}, {"funder": "PSSG"}, "OTHER"),
        ({"funder": "", **CONFIRMED}, {"funder": "PSSG"}, "PSSG"),
        ({"funder": "PSSG"}, {"funder": "", **CONFIRMED}, "PSSG"),
    ],
)
def test_of_two_fundings_the_one_known_better_counts(priya, pair, of_kept, of_merged, funder):
    for agency, facts in zip(pair, (of_kept, of_merged), strict=True):
        Program.objects.create(agency=agency, type="SAS", **facts)
    sentence = [s for s in what_happens(*pair) if "becomes one program" in s]
    merge(*pair, priya)
    program = Program.objects.get()
    assert program.funder == funder
    assert program.get_funder_display() in sentence[0]


def test_overlapping_memberships_share_their_days(priya, pair):
    held = EvaMembership.objects.create
    held(agency=pair[0], starts_on="2026-04-01", ends_on="2026-06-30", **CONFIRMED)
    held(agency=pair[1], starts_on="2026-01-01", ends_on="2026-12-31", **LISTED)
    held(agency=pair[0], starts_on="2026-09-01", ends_on="2026-09-30", **LISTED)
    said = what_happens(*pair)
    overlaps = "(the list of April 1, 2026) overlaps another one, which stays."
    assert said == [
        f"The membership January 1, 2026 to December 31, 2026 {overlaps} "
        "Only January 1, 2026 to March 31, 2026 and July 1, 2026 to December 31, 2026 is left of it.",
        f"The membership September 1, 2026 to September 30, 2026 {overlaps} So it is removed.",
    ]

    merge(*pair, priya)

    days = EvaMembership.objects.order_by("starts_on").values_list("starts_on", "ends_on")
    assert days[0][0] == date(2026, 1, 1)
    assert days[len(days) - 1][1] == date(2026, 12, 31)
    assert sum((last - first).days + 1 for first, last in days) == 365


def test_what_the_kept_agency_lacks_it_takes_over_and_what_differs_is_in_its_history(priya, pair):
    merged, kept = pair
    done = merge(kept, merged, priya)
    kept.refresh_from_db()
    assert kept.city == "Sampleton"
    undo(done, priya)
    Agency.objects.filter(name=CENTRE).update(city="Example")
    merge(kept, merged, priya)
    last = LogEntry.objects.filter(object_id=kept.pk).order_by("pk").last()
    assert last.change_message == f"Merged with {HOUSE}. Its city was Sampleton."


def test_a_merge_on_which_something_was_built_is_not_undone(priya, pair):
    kept, merged = pair
    Program.objects.create(agency=merged, type="SAS")
    done = merge(kept, merged, priya)
    Program.objects.create(agency=kept, type="STVC")
    rows = every_row()
    with pytest.raises(RefusedError, match=r"Program .* has been added since"):
        undo(done, priya)
    assert every_row() == rows
    Program.objects.filter(type="STVC").delete()
    kept.refresh_from_db()
    kept.city = "Elsewhere"
    kept.save()  # it had its city before
    undo(done, priya)
    with pytest.raises(RefusedError, match="already been undone"):
        undo(done, priya)


def test_of_two_merges_the_later_one_is_undone_first(priya, pair):
    kept, merged = pair
    third = Agency.objects.create(name="Third House")
    Program.objects.create(agency=merged, type="SAS")
    rows = every_row()
    first = merge(kept, merged, priya)
    second = merge(third, kept, priya)
    first.refresh_from_db()
    assert first.kept == third
    assert find_agency(CENTRE) == third
    with pytest.raises(RefusedError, match="since"):
        undo(first, priya)
    undo(second, priya)
    first.refresh_from_db()
    undo(first, priya)
    again = every_row()
    assert {key: again.get(key) for key in rows} == rows


def test_others_and_one_agency_twice_are_refused(priya, worker, pair):
    kept, merged = pair
    for by, other, sentence in (
        (worker, merged, "Only staff"),
        (priya, kept, "two different agencies"),
        (priya, Agency(pk=0), "has just been merged or removed"),
    ):
        with pytest.raises(RefusedError, match=sentence):
            merge(kept, other, by)
    assert Agency.objects.count() == 2


def test_erasing_a_person_leaves_nothing_of_them_in_a_merge(priya, pair):
    kept, merged = pair
    dana, kim = builders.worker(), builders.worker("kim@example.org")
    builders.sent(dana, agency=CENTRE)
    at_kept = builders.sent(kim, agency=HOUSE)
    done = merge(kept, merged, priya)
    erase(person_id=kim.person.pk, by=kim, now=NOW)
    done.refresh_from_db()
    assert at_kept.pk not in done.changes["known"]["joinrequests.joinrequest"]
    assert why_no_agency_undo(done) == ""

    erase(person_id=dana.person.pk, by=dana, now=NOW)

    done.refresh_from_db()
    assert done.changes == {}
    assert "has been erased" in why_no_agency_undo(done)


def test_the_contact_of_a_merged_agency_is_theirs_to_see_and_to_erase(priya, pair):
    kept, merged = pair
    dana = builders.worker()
    contacts = {kept: "office@example.org", merged: dana.email}
    for agency, email in contacts.items():
        agency.contact_name, agency.contact_email = "Contact", email
        agency.save()
    assert "The contact of the agency that you keep stays." in what_happens(kept, merged)
    done = merge(kept, merged, priya)
    kept.refresh_from_db()
    assert kept.contact_email == "office@example.org"
    assert CENTRE in str(all_that_is_held(dana.person, now=NOW))

    erase(person_id=dana.person.pk, by=dana, now=NOW)

    done.refresh_from_db()
    assert done.changes == {}


# -- The pages ----------------------------------------------------------------------------------------


def test_staff_find_the_other_agency_see_what_happens_merge_it_and_undo_it(client, camille, pair):
    kept, merged = pair
    for agency in pair:
        Program.objects.create(agency=agency, type="SAS", community_served="Sampleton")
    builders.sent(builders.worker(), agency=CENTRE)
    builders.sign_in(client, camille, fresh_code=True)
    home, old = (f"/admin/membership/agency/{agency.pk}" for agency in pair)
    link = f"{home}/merge/{merged.pk}/"
    for page in (f"{home}/change/", f"{home}/merge/", f"{home}/merge/?q=the+sample"):
        assert f'href="{link}"' in builders.page(client, page)
    shown = builders.page(client, link)
    assert "Both have Sexual Assault Service (SAS), Sampleton. It becomes one program." in shown
    assert f'href="{old}/merge/{kept.pk}/"' in shown
    assert "dana@example.org" not in shown

    shown = builders.text_of(client.post(link, follow=True))

    done = AgencyMerge.objects.get()
    undo_page = f"/admin/membership/agency/merges/{done.pk}/undo/"
    assert f"{CENTRE} is now part of {HOUSE}" in shown
    assert "by Camille Sample." in shown
    assert f'href="{undo_page}"' in shown
    history = builders.page(client, f"{home}/history/")
    assert f"Merged with {CENTRE}." in history
    assert f"Merged into {HOUSE}." in history
    for page in ("change", "history"):
        assert client.get(f"{old}/{page}/").url == f"{home}/change/"
    assert client.post(link).url == f"{home}/change/"

    assert f"{CENTRE} becomes an agency of its own again." in builders.page(client, undo_page)
    shown = builders.text_of(client.post(undo_page, follow=True))

    assert "The merge is undone." in shown
    assert f'href="{undo_page}"' not in shown
    assert CENTRE in builders.page(client, f"{old}/change/")
    assert "already been undone" in builders.text_of(client.get(undo_page, follow=True))


# -- At the same time ---------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_merging_against_everything_else_has_one_outcome(priya):
    """Two of each way round, a match, a request, an import, a program, a check of the membership and a removal."""
    for number in range(3):
        kept, merged = (
            verbs.add_agency(name=f"{name} {number}", city="", by=priya) for name in (HOUSE, CENTRE)
        )
        Program.objects.create(agency=merged, type="STVC")
        on = {"by": priya, "now": NOW}
        asked = builders.sent(builders.worker(f"kim{number}@example.org"), agency="Somewhere")
        known = builders.sent(builders.worker(f"lee{number}@example.org"), agency=merged.name)
        draft = builders.draft(builders.worker(f"dana{number}@example.org"), agency=merged.name)
        sending = {"answers": draft.answers, "by": draft.person.user, "now": NOW}
        added = {"type": ProgramType.SAS, "community_served": "", "by": priya}
        year = (date(2026, 1, 1), date(2026, 12, 31))
        row = f"{merged.name},CBVS,Sampleton,PSSG"

        said = all_at_once(
            partial(merge, kept, merged, priya),
            partial(merge, merged, kept, priya),
            partial(merge, kept, merged, priya),
            partial(matching.match, join_request_id=asked.pk, to=merged, **on),
            partial(workflow.submit, join_request_id=draft.pk, **sending),
            partial(apply_list, ListKind.PROGRAMS, "Agency,Type,Community,Funder", row),
            partial(verbs.add_program, agency=merged, **added),
            partial(
                matching.check_membership,
                join_request_id=known.pk,
                holder="agency",
                period=year,
                **on,
            ),
        )

        assert said[:3].count("done") <= 1
        assert said[4:6] == ["done", "done"]
        left = Agency.objects.filter(pk__in=(kept.pk, merged.pk))
        assert left.count() == 2 - said[:3].count("done")
        agency = find_agency(merged.name)
        assert Program.objects.filter(agency=agency, type="CBVS").exists()
        draft.refresh_from_db()
        assert draft.agency == agency
        if said[7] == "done":
            assert agency.eva_memberships.exists()
        assert {find_agency(f"{name} {number}") for name in (HOUSE, CENTRE)} == set(left)
