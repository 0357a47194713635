"""Fixtures for the permission table: one row of every model, and a client for each visitor."""

import uuid
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from communities.models import OrganizationDetail, Passage, Question, SupportTeam
from membership.imports import uploads
from membership.meetings.calendar import feed_address, renew_feed
from membership.models import (
    Agency,
    Announcement,
    CoordinationInitiative,
    Correction,
    Enrolment,
    EvaMembership,
    Export,
    Introduction,
    ListImport,
    ListSeries,
    NameCheck,
    OutboxEmail,
    Program,
    ReadyText,
    Resource,
    RetentionDay,
    SharedMailbox,
    TopicSubject,
    WorklistRow,
    YearlyConfirmation,
)
from membership.rosters.enrolments import enrol
from membership.topics.raising import raise_topic
from requests.models import ReasonText
from tests import builders
from tests.evabc.permission_table import VISITORS
from tests.membership.meetings.plans import member, planned
from tests.membership.resources.offers import offered, with_file


@pytest.fixture
def world():
    return one_of_each()


@pytest.fixture
def clients(world) -> dict[str, Client]:
    return clients_of(world)


def one_of_each() -> dict[str, Any]:
    """One row of every model. The request belongs to the program-support team."""
    worker = builders.worker()
    join_request = builders.sent(worker)
    agency = Agency.objects.create(name="Sample House")
    enrolment = Enrolment.objects.create(
        person=worker.person,
        community=join_request.community,
        started_on="2025-01-01",
        ended_on="2025-12-31",
    )
    with transaction.atomic():
        place = enrol(
            person=worker.person,
            community=builders.community("cbvs"),
            on=date(2025, 1, 1),
            now=builders.NOW,
        )
    YearlyConfirmation.objects.create(enrolment=place, due_on="2026-01-01", asked_on="2026-01-01")
    topic = raise_topic(
        person=worker.person,
        community=place.community,
        title="Longer wait-lists",
        text="How do others work with them?",
        shows_name=False,
        uid=uuid.uuid4(),
        now=builders.NOW,
    )
    feed = renew_feed(person=worker.person, now=builders.NOW)
    return {
        "worker": worker,
        "own enrolment": place,
        "access": place.person.accesses.get(kind="slack"),
        "meeting": planned(
            "cbvs", by=builders.staff(email="planner@example.org"), day=date(2099, 6, 16)
        ),
        "token": feed_address(feed).rpartition("/")[2].removesuffix(".ics"),
        "joinrequest": join_request,
        "supportteam": SupportTeam.objects.first(),
        "communityofpractice": join_request.community,
        "question": Question.objects.first(),
        "passage": Passage.objects.first(),
        "organizationdetail": OrganizationDetail.objects.first(),
        "user": worker,
        "correction": Correction.objects.create(
            person=worker.person,
            team=join_request.community.team,
            text="My name.",
            asked_at=builders.NOW,
        ),
        "namecheck": NameCheck.objects.create(
            person=worker.person,
            name="Lee Other",
            email=worker.email,
            source="request",
            team=join_request.community.team,
            asked_at=builders.NOW,
        ),
        "sharedmailbox": SharedMailbox.objects.create(
            person=worker.person, email="office@example.org", reason="Only one", at=builders.NOW
        ),
        "retentionday": RetentionDay.objects.create(on="2026-05-04", finished_at=builders.NOW),
        "outboxemail": OutboxEmail.objects.first(),
        "reasontext": ReasonText.objects.filter(family="program-support").first(),
        "announcement": Announcement.objects.create(
            team=join_request.community.team,
            subject="Our office",
            text="We are closed.",
            recipients=1,
            at=builders.NOW,
        ),
        "resource": _published_file(worker.person),
        "readytext": ReadyText.objects.create(
            family="program-support", subject="Our workspace", text="It has moved."
        ),
        "introduction": Introduction.objects.create(
            enrolment=member("Ivy Example", "cbvs").enrolments.get(), changed_at=builders.NOW
        ),
        "topic": topic,
        "topicsubject": TopicSubject.objects.first(),
        "person": worker.person,
        "agency": agency,
        "program": Program.objects.create(agency=agency, type="STVC"),
        "evamembership": EvaMembership.objects.create(
            agency=agency, starts_on="2026-01-01", ends_on="2026-12-31"
        ),
        "coordinationinitiative": CoordinationInitiative.objects.create(
            name="Sample ICAT", kind="ICAT"
        ),
        "listimport": _checked_roster(join_request.community),
        "listseries": ListSeries.objects.get_or_create(
            kind="roster", name="the roster", community=join_request.community
        )[0],
        "enrolment": enrolment,
        "export": Export.objects.create(
            what="Coverage",
            columns="Region",
            rows=1,
            team=join_request.community.team,
            by=None,
            at=builders.NOW,
        ),
        "worklistrow": WorklistRow.objects.create(
            enrolment=enrolment, kind="rules", since="2026-01-01"
        ),
    }


def _published_file(person) -> Resource:
    """A file that they have offered, on the page of a community that they are in."""
    resource = offered(person, "cbvs", with_file())
    resource.state, resource.published_at = Resource.State.PUBLISHED, builders.NOW
    resource.save()
    return resource


def _checked_roster(community) -> ListImport:
    """An import that is ready to be confirmed."""
    list_import = uploads.new_import(
        kind="roster",
        list_name="the roster",
        as_of=date(2026, 4, 1),
        community=community,
        content=b'Name,Email,Since\nDana Sample,dana.listed@example.org,"January 1, 2026"',
        file_name="roster.csv",
        now=builders.NOW,
    )
    uploads.upload(list_import)
    uploads.carry_on(list_import_id=list_import.pk, now=builders.NOW)
    list_import.refresh_from_db()
    return list_import


def clients_of(world: dict[str, Any]) -> dict[str, Client]:
    """A signed-in client for each visitor."""
    users = {
        "deactivated": builders.staff(email="gone@example.org"),
        "worker": world["worker"],
        "other": builders.worker("other@example.org", "Other Sample"),
        "program": builders.staff(),
        "ccss": builders.staff(builders.CCSS, "camille@example.org"),
        "lead": builders.lead(),
        "no factor": builders.staff(email="new@example.org"),
    }
    clients = {visitor: Client() for visitor in VISITORS}
    for visitor, user in users.items():
        builders.sign_in(clients[visitor], user, second_factor=visitor != "no factor")
    users["deactivated"].is_active = False
    users["deactivated"].save()
    return clients
