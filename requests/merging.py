"""Merging two records of one person, and undoing it. ``membership.people.merging`` has what that layer does."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import IntegrityError
from django.db.models import QuerySet

from communities.rules.vocabulary import Family
from membership.accounts.teams import families_of
from membership.append_only import history_released
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import Enrolment, NameCheck, Person, PersonMerge, User
from membership.people.merging import (
    MAY_BE_ADDED,
    Chosen,
    collision_sentences,
    collisions_of_register,
    emails_to_choose,
    merge_locked,
    require_may_merge,
    require_may_undo,
    tell,
    tell_undone,
)
from membership.recorded_changes import (
    Collision,
    Collisions,
    recorded_changes,
    undo,
)
from membership.register.matching import is_another_name
from requests.lifecycle import OPEN, State
from requests.models import JoinRequest
from requests.workflow import note_reopened, settle_name, withdraw_quietly


@contextmanager
def _nothing_in_between() -> Iterator[None]:
    """A transaction that may change history, or a refusal if someone else has just written what only one may."""
    try:
        with history_released():
            yield
    except IntegrityError as error:
        raise RefusedError(
            "Something about these people has just changed. Look at the page again."
        ) from error


def merge_people(
    *, keep_id: int, merge_id: int, chosen: Chosen, by: User, now: datetime
) -> PersonMerge:
    """Make two records of one person one. Everything about the second one moves to the first.

    Of two open requests for one community the newer is withdrawn, as is one for a community that they are in. Of
    two open enrolments the older start counts. Of two accounts the one with the chosen email stays, and the other is closed. Raises ``RefusedError``.
    """
    with _nothing_in_between():
        # Requests and enrolments before the people: in the order in which the other verbs lock.
        _lock_requests_and_enrolments(keep_id, merge_id)
        kept, merged = _locked_people(keep_id, merge_id)
        require_may_merge_now(kept, merged, by=by)
        _require_one_of_theirs(chosen, kept, merged)
        users = [person.user for person in (kept, merged) if person.user]
        with recorded_changes(kept, merged, *users) as changes:
            closed = merge_locked(
                kept, merged, chosen=chosen, collisions=collisions_of(by, now), now=now
            )
            for join_request in _open_though_enrolled(kept, kept):
                _withdraw(join_request, by=by, now=now)
            _settle_name_checks(kept, by=by, now=now)
        # By number, because an undo and then erasing one of them must leave no name in the other one's history.
        log_change(kept, by=by, words=f"Merged with record {merged.pk}.")
        log_change(merged, by=by, words=f"Merged into record {kept.pk}.")
        merge = PersonMerge.objects.create(
            kept=kept, merged=merged, closed_account=closed, by=by, at=now, changes=changes
        )
        tell(merge, now=now)
        return merge


def require_may_merge_now(kept: Person, merged: Person, *, by: User) -> None:
    """Raise ``RefusedError`` unless these are two records that ``by`` may merge."""
    require_may_merge(kept, merged, by)
    _require_no_other_request(kept, merged, by=by)


def undo_merge(*, merge_id: int, by: User, now: datetime) -> PersonMerge:
    """Give both records back as they were. Raises ``RefusedError`` if something was built on the merge."""
    with _nothing_in_between():
        merge = PersonMerge.objects.get(pk=merge_id)
        _lock_requests_and_enrolments(merge.kept_id, merge.merged_id)
        people = _locked_people(merge.kept_id, merge.merged_id)
        merge = PersonMerge.objects.select_for_update(of=("self",)).get(pk=merge_id)
        require_may_undo(merge, by)
        _require_no_other_request(*people, by=by)
        withdrawn = [
            row["pk"]
            for row in merge.changes["rows"]
            if row["model"] == JoinRequest._meta.label_lower
            and "state" in (row["before"] or {})
            and row["after"]
        ]
        undo(merge.changes, ignoring=MAY_BE_ADDED)
        for join_request in JoinRequest.objects.filter(pk__in=withdrawn).order_by("pk"):
            note_reopened(
                join_request, by=by, now=now, reason="The merge of two records was undone."
            )
        merge.kept, merge.merged = _locked_people(merge.kept_id, merge.merged_id)
        tell_undone(merge, now=now)
        merge.undone_at, merge.undone_by, merge.changes = now, by, {}
        merge.save()
        log_change(merge.kept, merge.merged, by=by, words="The merge was undone.")
        return merge


def collisions_of(by: User, now: datetime) -> Collisions:
    """What happens where both records have something that the database allows once."""
    one_request = functools.partial(_one_request, by=by, now=now)
    return {
        **collisions_of_register(by, now),
        (JoinRequest, "person"): Collision(one_request, _request_sentence),
        (JoinRequest, "enrolment"): Collision(_without_enrolment),
        (NameCheck, "person"): Collision(_one_name_check),
    }


def what_happens(kept: Person, merged: Person, *, by: User, now: datetime) -> list[str]:
    """What a merge does beyond moving things, in sentences."""
    said = collision_sentences(kept, merged, collisions_of(by, now))
    for one, other in ((kept, merged), (merged, kept)):
        said += [
            f"Request {request} is withdrawn, because they are in the community. They get no email about it."
            for request in _open_though_enrolled(one, other)
        ]
    return said


def _open_though_enrolled(applicant: Person, member: Person) -> QuerySet[JoinRequest]:
    """The open requests of one record for communities that the other is in."""
    in_it = Enrolment.objects.filter(person=member, ended_on=None).values("community")
    requests = applicant.join_requests.filter(state__in=OPEN, community__in=in_it)
    return requests.select_related("community__team", "person").order_by("pk")


def _withdraw(join_request: JoinRequest, *, by: User, now: datetime) -> None:
    reason = "Two records of this person were merged."
    withdraw_quietly(join_request, by=by, now=now, reason=reason)


def _lock_requests_and_enrolments(*person_ids: int) -> None:
    for model in (JoinRequest, Enrolment):
        rows = model._default_manager.filter(person__in=person_ids).order_by("pk")
        list(rows.select_for_update(of=("self",)).values_list("pk"))


def _locked_people(keep_id: int, merge_id: int) -> tuple[Person, Person]:
    rows = Person.objects.select_for_update(of=("self",)).filter(pk__in=(keep_id, merge_id))
    found = {person.pk: person for person in rows.order_by("pk")}
    return found[keep_id], found[merge_id]


def _require_no_other_request(*people: Person, by: User) -> None:
    """Raise ``RefusedError`` if one of them has an open request with the other team."""
    others = set(Family) - families_of(by)
    theirs = JoinRequest.objects.filter(person__in=people, state__in=OPEN)
    if theirs.filter(community__team__family__in=others).exists():
        raise RefusedError(
            "This person has an open request with the other team. Ask a lead to do this."
        )


def _require_one_of_theirs(chosen: Chosen, kept: Person, merged: Person) -> None:
    if (
        chosen.name not in (kept.name, merged.name)
        or chosen.phone not in (kept.phone, merged.phone)
        or chosen.email not in emails_to_choose(kept, merged)
    ):
        raise RefusedError(
            "These records have just changed. Look at the page again and choose what stays."
        )


def _one_request(stays: JoinRequest, other: JoinRequest, *, by: User, now: datetime) -> bool:
    """The newer of two open requests is withdrawn. Two drafts become one, with the answers of both."""
    if stays.state == State.DRAFT:
        given = {name: answer for name, answer in stays.answers.items() if answer}
        stays.answers = {**other.answers, **given}
        stays.save(update_fields=["answers"])
        return False
    newer = max(stays, other, key=lambda request: (request.submitted_at, request.pk))
    _withdraw(newer, by=by, now=now)
    return True


def _request_sentence(stays: JoinRequest, other: JoinRequest) -> str:
    if stays.state == State.DRAFT:
        return f"Both have a draft for {stays.community.short_name}. They become one, with the answers of both."
    newer = max(stays, other, key=lambda request: (request.submitted_at, request.pk))
    return f"Both have an open request for {stays.community.short_name}. The newer one, {newer.reference}, is withdrawn, and they get no email about it."


def _one_name_check(stays: NameCheck, other: NameCheck) -> None:
    """Staff are asked about a name once."""
    JoinRequest.objects.filter(name_check=other).update(name_check=stays)


def _settle_name_checks(kept: Person, *, by: User, now: datetime) -> None:
    """The merge answers whose name it is, if the other name is the other record's."""
    names = [kept.name, *kept.other_names.values_list("name", flat=True)]
    for check in kept.name_checks.filter(state__in=NameCheck.UNSETTLED):
        if not is_another_name(check.name, names):
            check.state, check.answered_by, check.answered_at = NameCheck.State.SAME, by, now
            check.save()
            for join_request in kept.join_requests.filter(name_check=check, state__in=OPEN):
                settle_name(join_request, answer=NameCheck.State.SAME, by=by, now=now)


def _without_enrolment(stays: JoinRequest, other: JoinRequest) -> bool:
    """Their enrolments become one, which belongs to one request."""
    other.enrolment = None
    other.save(update_fields=["enrolment"])
    return True
