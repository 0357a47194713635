"""Records that may be about the same person: found, shown where someone decides, and told apart."""

import pytest
from django.urls import reverse

from membership.errors import RefusedError
from membership.models import Enrolment, OtherName, Person, SomeoneElse
from membership.people.merging import Chosen
from membership.people.near import near_record, near_records, take_back, tell_apart
from requests.lifecycle import State
from requests.merging import merge_people, undo_merge
from requests.models import JoinRequest
from requests.my.privacy import all_that_is_held, erase
from tests import builders
from tests.builders import NOW, page, text_of

pytestmark = [pytest.mark.core, pytest.mark.django_db]


def enrolled(person, slug="stvc"):
    community = builders.community(slug)
    return Enrolment.objects.create(person=person, community=community, started_on=NOW.date())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Dana Sample", "the same name"),
        ("DANA  sample", "the same name"),
        ("Dána Sample", "the same name"),
        ("Sample, Dana", "the same name"),
        ("Dana Samples", "nearly the same name"),
        ("Dan Sample", "nearly the same name"),
        ("Lana Sample", "nearly the same name"),
        ("Dana Zample", "nearly the same name"),
        ("Dana Sampel", "nearly the same name"),
        ("Dana Lee Sample", "the same name"),
        ("Dora Sample", None),
        ("Dana Other", None),
        ("Kai Other", None),
    ],
)
def test_the_same_name_and_one_letter_off_are_found_from_both_sides(priya, name, why):
    dana = Person.objects.create(name="Dana Sample", email="one@example.org")
    other = Person.objects.create(name=name, email="two@example.net")

    assert [(n.person, n.why) for n in near_record(other, viewer=priya)] == (
        [(dana, why)] if why else []
    )
    if why and name != "Dana Lee Sample":
        assert [(n.person, n.why) for n in near_record(dana, viewer=priya)] == [(other, why)]


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"phone": "+1 604 555 0134"}, "the same phone"),
        ({"email": "dana.s@elsewhere.example"}, "an email that starts the same"),
    ],
)
def test_the_same_phone_and_the_start_of_an_email_are_found(priya, columns, why):
    dana = Person.objects.create(
        name="Dana Sample", email="dana.s@example.org", phone="(604)5550134"
    )
    other = Person.objects.create(name="Robin Other", **columns)
    Person.objects.create(name="Kai Other", phone="604-555-0135", email="k@example.org")

    assert [(n.person, n.why) for n in near_record(other, viewer=priya)] == [(dana, why)]


def test_people_without_name_email_and_phone_are_like_no_one_else(priya):
    people = Person.objects.bulk_create([Person(), Person()])

    assert near_records(people, viewer=priya) == [[], []]


def test_a_former_name_is_found_too(priya):
    dana = Person.objects.create(name="Dana Lee", email="one@example.org")
    OtherName.objects.create(person=dana, name="Dana Sample")
    again = Person.objects.create(name="Dana Sample", email="two@example.org")

    (near,) = near_record(again, viewer=priya)
    assert (near.person, near.why) == (dana, "a former name that is the same")
    assert [n.person for n in near_record(dana, viewer=priya)] == [again]


def test_numbers_in_names_are_no_typing_mistakes(priya):
    people = [Person.objects.create(name=f"Márta Family{n}") for n in (77, 78)]

    assert near_records(people, viewer=priya) == [[], []]


def test_where_the_other_record_is_enrolled_is_named_to_its_own_team_only(priya, camille):
    again = Person.objects.create(name="Dana Sample", email="two@example.org")
    enrolled(Person.objects.create(name="Dana Sample", email="one@example.org"))

    assert near_record(again, viewer=priya)[0].where == "in STVC since May 4, 2026"
    assert near_record(again, viewer=camille)[0].where == "in a community of the other team"


def test_a_pair_that_was_told_apart_is_not_asked_about_again_until_that_is_taken_back(priya):
    one, two, three = (Person.objects.create(name="Dana Sample") for _ in range(3))
    tell_apart(person_id=one.pk, other_id=two.pk, by=priya, now=NOW)
    tell_apart(person_id=two.pk, other_id=one.pk, by=priya, now=NOW)

    near = near_records([one, two, three], viewer=priya)
    assert [[n.person for n in found] for found in near] == [[three], [three], [one, two]]
    assert SomeoneElse.objects.count() == 2
    take_back(person_id=two.pk, other_id=one.pk, by=priya)
    assert [n.person for n in near_record(one, viewer=priya)] == [two, three]


def test_nobody_is_told_apart_from_themself_or_by_others(priya, worker):
    person = worker.person
    other = Person.objects.create(name="Dana Sample")
    for pair, by in [((person.pk, person.pk), priya), ((person.pk, other.pk), worker)]:
        with pytest.raises(RefusedError):
            tell_apart(person_id=pair[0], other_id=pair[1], by=by, now=NOW)


def test_erasing_one_removes_what_was_said_of_the_pair_and_the_download_has_it(priya, worker):
    other = Person.objects.create(name="Dana Sample", email="two@example.org")
    tell_apart(person_id=worker.person.pk, other_id=other.pk, by=priya, now=NOW)

    assert all_that_is_held(other, now=NOW)["told_apart_from_a_similar_record"]
    erase(person_id=worker.person.pk, by=worker, now=NOW)
    assert not SomeoneElse.objects.exists()


def test_the_answers_follow_a_merge_and_its_undo(priya):
    kept, merged, third = (
        Person.objects.create(name="Dana Sample", email=f"{n}@example.org") for n in range(3)
    )
    tell_apart(person_id=merged.pk, other_id=third.pk, by=priya, now=NOW)
    tell_apart(person_id=merged.pk, other_id=kept.pk, by=priya, now=NOW)
    before = set(SomeoneElse.objects.values_list("pk", "person", "other"))
    chosen = Chosen(name="Dana Sample", phone="", email="0@example.org")

    merge = merge_people(keep_id=kept.pk, merge_id=merged.pk, chosen=chosen, by=priya, now=NOW)

    pairs = set(SomeoneElse.objects.values_list("person", "other"))
    assert pairs == {(kept.pk, third.pk), (third.pk, kept.pk)}
    assert near_records([kept, third], viewer=priya) == [[], []]
    undo_merge(merge_id=merge.pk, by=priya, now=NOW)
    assert set(SomeoneElse.objects.values_list("pk", "person", "other")) == before


# -- Twice on a roster ------------------------------------------------------------------------------


@pytest.fixture
def twice(priya):
    """A member asks again with a second address."""
    member = builders.worker()
    builders.request_in(State.APPROVED, member, priya)
    return builders.sent(builders.worker("dana@elsewhere.example"))


LOUD = "in STVC since May 4, 2026"


def test_the_queue_the_review_and_the_approve_page_say_who_else_it_may_be(desk, twice):
    queue = reverse("admin:joinrequests_joinrequest_changelist")
    review = reverse("admin:joinrequests_joinrequest_change", args=[twice.pk])
    approve = reverse("admin:joinrequests_joinrequest_approve", args=[twice.pk])
    for address in (queue, review, approve):
        shown = page(desk, address)
        assert "dana@example.org" in shown and LOUD in shown, address
        assert "the same name and an email that starts the same, the same agency" in shown, address


def test_approving_asks_to_confirm_that_it_is_someone_else_and_remembers_it(desk, twice):
    address = reverse("admin:joinrequests_joinrequest_approve", args=[twice.pk])
    answers = {"text": "Glad to have you."}

    refused = text_of(desk.post(address, answers))
    assert "Confirm that this is someone else" in refused and "Glad to have you." in refused
    assert JoinRequest.objects.get(pk=twice.pk).state == State.AWAITING_REVIEW

    assert desk.post(address, {**answers, "someone_else": "on"}).status_code == 302
    assert JoinRequest.objects.get(pk=twice.pk).state == State.APPROVED
    assert SomeoneElse.objects.filter(person=twice.person).count() == 1


def test_several_at_once_need_the_same_word(desk, twice):
    address = f"{reverse('admin:joinrequests_joinrequest_bulk-approve')}?ids={twice.pk}"
    row = f"row{twice.pk}-"
    answers = {"text": "", f"{row}keep": "on"}

    assert "Confirm that this is someone else" in text_of(desk.post(address, answers))
    desk.post(address, {**answers, f"{row}someone_else": "on"})
    assert JoinRequest.objects.get(pk=twice.pk).state == State.APPROVED


def test_the_answer_on_the_review_page_leads_back_to_it(desk, twice):
    member = Person.objects.get(email="dana@example.org")
    review = reverse("admin:joinrequests_joinrequest_change", args=[twice.pk])
    address = reverse("admin:membership_person_apart", args=[twice.person.pk, member.pk])

    answer = desk.post(address, {"next": review})
    assert answer.url == review
    assert "Maybe the same person" not in page(desk, review)
    person = reverse("admin:membership_person_change", args=[member.pk])
    assert "Similar records of someone else" in page(desk, person)
    assert desk.post(address, {"next": "https://elsewhere.example/", "back": "yes"}).url == (
        reverse("admin:membership_person_change", args=[twice.person.pk])
    )
    assert "Maybe the same person" in page(desk, person)


def test_entering_a_request_for_someone_similar_asks_first(desk, twice):
    address = reverse("admin:joinrequests_joinrequest_enter-for", args=["stvc"])
    answers = {**builders.answers_for("stvc"), "email": "d@new.example", "came_by": "phone"}
    answers["agreed"] = "on"

    asked = text_of(desk.post(address, answers))
    assert "Maybe the same person" in asked and LOUD in asked and "d@new.example" in asked
    assert not Person.objects.filter(email="d@new.example").exists()
    assert desk.post(address, {**answers, "someone_else": "on"}).status_code == 302
    assert SomeoneElse.objects.filter(person__email="d@new.example").count() == 2
