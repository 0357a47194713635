"""A person is erased after one unique word was used everywhere they and others write, through the real processes.

Searched are every column of every table, the sessions as they are read, Redis, the log files of the
web server and the worker, and the mail folder.
"""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.contrib.sessions.models import Session
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.utils import timezone

from membership.access import service_lists
from membership.emails.queue import mark_bounced
from membership.history import log_change
from membership.meetings import attendance
from membership.meetings.calendar import renew_feed
from membership.models import ListKind, NameCheck, OutboxEmail, Person, Service
from membership.privacy.erasing import remove_mail_files
from membership.resources.verbs import change, decline
from membership.rosters.leaving import leave
from membership.sharing.announcing import Draft, announce
from membership.sharing.introductions import introduce
from membership.topics.raising import support
from membership.topics.verbs import hide, note_outcome
from requests import workflow
from requests.clock.retention import retain
from requests.models import JoinRequest
from tests import builders
from tests.browser.main_job import ask_to_join, sign_in
from tests.browser.visitor import Visitor
from tests.membership.imports.lists import apply_list
from tests.membership.meetings.plans import member, planned
from tests.membership.resources.offers import PDF, details, offered, with_file
from tests.membership.topics.topics import raised

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("celery_worker_process"),
]

WORD = "Zyxcanary"
EMAIL = f"{WORD.lower()}@example.org"


def where_the_word_is(redis_url: str, data_folder: Path) -> set[str]:
    """The places that still have the word."""
    return {
        *_tables(),
        *(f"session {s.pk}" for s in Session.objects.all() if _has(s.get_decoded())),
        *_redis(redis_url),
        *(f"file {path.name}" for path in data_folder.rglob("*") if _file(path)),
    }


def _has(value: object) -> bool:
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    return WORD.lower() in str(text).lower()


def _tables() -> set[str]:
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                cells = (bytes(c) if isinstance(c, memoryview) else c for c in row)
                found |= {
                    f"{table}.{n}" for n, cell in zip(names, cells, strict=True) if _has(cell)
                }
    return found


def _redis(url: str) -> set[str]:
    with redis.Redis.from_url(url) as client:
        return {
            f"redis {key!r}" for key in client.scan_iter() if _has(key) or _has(client.dump(key))
        }


def _file(path: Path) -> bool:
    # Only logs and emails: if the tests keep a database as a file, its tables are searched.
    return path.suffix in (".log", ".eml") and _has(path.read_bytes())


def written(slug: str) -> dict[str, str]:
    """Their answers, with the word in every free text."""
    free = {"name", "phone", "agency", "community_served", "initiative_name", "note"}
    answers = builders.answers_for(slug)
    return {k: f"{WORD} {k}"[:38] if k in free else v for k, v in answers.items()}


def newest(kind: str) -> OutboxEmail:
    return OutboxEmail.objects.filter(kind=kind, person__email=EMAIL).latest("pk")


def test_a_person_who_is_erased_is_found_nowhere(portal, smtp_server, redis_url, data_folder):
    def read_mail(to: str, subject: str) -> str:
        mail = smtp_server.wait_for(to=to, subject_contains=subject)
        return mail.get_body(("plain",)).get_content()

    priya, camille = builders.staff(), builders.staff(builders.CCSS, "camille@example.org")
    now = timezone.now()
    visitor = Visitor(portal.url)
    sign_in(visitor, EMAIL, read_mail)
    # Another browser, where only the email was typed.
    Visitor(portal.url).get("/accounts/login/")

    # Requests, a staff note, a question with its reply, and decisions with texts.
    for slug in ("stvc", "cbvs", "icat"):
        ask_to_join(visitor, slug, written(slug))
    theirs = {r.community.slug: r for r in JoinRequest.objects.select_related("community")}
    person = Person.objects.get(email=EMAIL)
    user = person.user
    stvc, cbvs, icat = (theirs[slug].pk for slug in ("stvc", "cbvs", "icat"))
    workflow.write_note(join_request_id=stvc, by=priya, text=f"{WORD} called.", now=now)
    workflow.ask(join_request_id=stvc, by=priya, text=f"{WORD}, where?", now=now)
    workflow.reply(join_request_id=stvc, by=user, text=f"In {WORD}.", now=now)
    workflow.approve(
        join_request_id=stvc, by=priya, text=f"Hello {WORD}", reason=f"{WORD}.", now=now
    )
    workflow.decline(join_request_id=cbvs, by=priya, text=f"Not {WORD}.", now=now)
    workflow.approve(join_request_id=icat, by=camille, reason=f"{WORD}.", now=now)
    workflow.save_draft(
        person=person, community=builders.community("sas"), answers={"name": WORD}, now=now
    )

    person.other_names.create(name=f"{WORD} Former")
    office = f"{WORD.lower()}@office.example"
    person.shared_mailboxes.create(email=office, reason=f"{WORD} has no other", at=now)

    # A topic of their own, and one of a colleague that names them, with what staff say about both.
    own = [raised(person, title=f"{WORD}?", text=f"{WORD}!", shows_name=True) for _ in range(2)]
    other = raised(member("Kai Sample"), title=f"Like {person.name}", text=f"Ask {EMAIL}.")
    support(topic_id=other.pk, person=person, now=now)
    hide(topic_id=own[0].pk, text=f"It names {WORD}.", by=priya, now=now)
    note_outcome(topic_id=other.pk, state="local", text=f"See {person.name}.", by=priya, now=now)

    # Meetings, Slack, an import, a bounced email, the admin's history, and a correction request.
    today = timezone.localdate(now)
    meeting = planned(
        by=priya,
        day=today + timedelta(days=30),
        now=now,
        speaker=person.name,
        agenda=f"{person.name} speaks.",
    )
    attendance.answer(meeting_id=meeting.pk, person=person, answer="yes", now=now)
    renew_feed(person=person, now=now)
    words = Draft(
        (builders.community(),), f"About {person.name}", f"{person.name} speaks: {EMAIL}."
    )
    announce(draft=words, uid=uuid.uuid4(), expected=2, by=priya, now=now)
    # An email to others with their name has gone out, and one still waits.
    mails = OutboxEmail.objects.exclude(person=person).filter(body__contains=person.name)
    assert set(mails.values_list("kind", flat=True)) == {"topic-outcome", "announcement"}
    mails.filter(kind="announcement").update(state="sent", sent_at=now)
    mails.filter(kind="topic-outcome").update(due_at=now + timedelta(hours=1))
    introduce(
        enrolment_id=person.enrolments.get(community__slug="stvc").pk,
        by=user,
        now=now,
        talks_about=f"{WORD} likes groups.",
    )
    person.accesses.filter(kind="slack").update(state="joined", address=f"slack-{EMAIL}")
    service_lists.save_list(
        service=Service(builders.community().team),
        found=service_lists.read_pasted(EMAIL),
        by=priya,
        now=now,
    )
    service_lists.save_list(
        service=Service(builders.community().team, builders.community()),
        found=service_lists.read_pasted(EMAIL),
        by=priya,
        now=now,
    )
    apply_list(
        ListKind.PEOPLE,
        "Name,Email,Agency,Program type,Community served,Carries a caseload",
        f"{WORD} name,{EMAIL},Sample House,STVC,Sampleton,yes",
        f"{WORD} Sample,{EMAIL},Sample House,STVC,Sampleton,yes",  # asked as another name
        as_of=today,
    )
    assert NameCheck.objects.get().person == person
    builders.send_now("welcome")
    smtp_server.wait_for(to=EMAIL, subject_contains="elcome")
    OutboxEmail.objects.filter(pk=newest("receipt").pk).update(state="sent", sent_at=now)
    mark_bounced(
        email_id=newest("receipt").pk, by=camille, on=today, why=f"No {WORD} here", today=today
    )
    with transaction.atomic():
        log_change(person, by=priya, words=f"Changed {WORD}.")
    place = person.enrolments.get(community__slug="icat")
    leave(
        enrolment_id=place.pk,
        by=user,
        now=now,
        reason=f"{WORD} leaves.",
        successor_name=f"Next {WORD}",
        successor_email=f"next-{EMAIL}",
        may_name_me=True,
    )
    named = with_file(name=f"{person.name}.pdf", title=f"By {person.name}")
    kept = offered(person, "stvc", named, shows_name=True, now=now)
    for made in (kept, offered(person, "stvc", with_file(PDF + f"/Author ({EMAIL})".encode()))):
        change(
            resource_id=made.pk,
            version=made.version,
            details=details(title=made.title, link=""),
            communities=[builders.community()],
            by=priya,
            now=now,
            publish=True,
        )
    waits = offered(person, "stvc", details(title=f"{WORD} waits", tags=WORD), now=now)
    decline(resource_id=waits.pk, reason=f"{WORD}, no.", by=priya, now=now)
    visitor.get("/my/details/correction/")
    visitor.post(text=f"{WORD} is my name.")
    visitor.get("/my/details/")
    visitor.post(name=f"{WORD} Newname", phone="604 555 0100")

    before = where_the_word_is(redis_url, data_folder)
    visitor.get("/my/privacy/delete/")
    visitor.post()
    assert "Your account has been deleted." in visitor.page.text
    after = where_the_word_is(redis_url, data_folder)

    # What EVA BC's list says stays in the register, until no list has included them for a long time.
    assert len(before) > 20
    assert after == {f"membership_person.{column}" for column in ("name", "email", "search_text")}
    retain(now=now + timedelta(days=3 * 366))
    assert where_the_word_is(redis_url, data_folder) == set()


def test_emails_kept_as_files_are_deleted_too(settings, tmp_path):
    settings.MAIL_IS_FILES, settings.MAIL_FOLDER = True, str(tmp_path)
    settings.EMAIL_BACKEND = "membership.emails.backends.FolderBackend"
    for to in (EMAIL, "kai@example.org"):
        EmailMessage("Hello", WORD, "from@example.org", [to]).send()

    with transaction.atomic():
        remove_mail_files({EMAIL})

    left = [path.read_text() for path in tmp_path.glob("*.eml")]
    assert ["kai@example.org" in mail for mail in left] == [True]
