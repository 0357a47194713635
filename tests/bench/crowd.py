"""Requests by the hundred thousand, written by the database itself in bulk.

One request of each community goes through the portal's own verbs; the others are copies of it with
people, days and states of their own. A tenth is open, so that a page of the queue is full at any size.
"""

from datetime import datetime

from django.db import connection

from requests.models import JoinRequest
from tests import builders

COMMUNITIES = ["stvc", "ors", "cbvs", "sas", "community-coordination"]
OF_A_PERSON = len(COMMUNITIES)

# One in 40 people shares the first word of a name, one in 1,000 the second.
_PEOPLE = """
INSERT INTO membership_person (name, email, phone)
SELECT 'Given' || n %% 40 || 'x Family' || n / 40 %% 1000 || 'x', 'crowd' || n || '@example.org', ''
FROM generate_series(%(first)s / %(each)s, (%(last)s - 1) / %(each)s) AS n
"""
_REQUESTS = """
INSERT INTO joinrequests_joinrequest (
  reference, person_id, community_id, state, answers, agency_name, assessment,
  created_at, submitted_at, waiting_since, region, verdict, asked_on, decided_at)
SELECT
  'R' || lpad(n::text, 8, '0'), p.id, t.community_id, s.state, t.answers,
  'Sample Agency ' || n %% 20000 || ' Society', t.assessment,
  d.day, d.day, CASE WHEN s.state <> 'awaiting_reply' THEN d.day END,
  (ARRAY['', 'FRASER', 'INTERIOR', 'NORTHERN'])[1 + n %% 4], 'met',
  CASE WHEN s.state = 'awaiting_reply' THEN d.day::date END,
  CASE WHEN s.state IN ('approved', 'declined') THEN d.day + interval '3 days' END
FROM generate_series(%(first)s, %(last)s - 1) AS n
JOIN membership_person p ON lower(p.email) = 'crowd' || n / %(each)s || '@example.org'
CROSS JOIN LATERAL (SELECT CASE
  WHEN n / %(each)s %% 100 < 9 THEN 'awaiting_review'
  WHEN n / %(each)s %% 100 < 10 THEN 'awaiting_reply'
  WHEN n / %(each)s %% 100 < 80 THEN 'approved' ELSE 'declined' END AS state) s
CROSS JOIN LATERAL (SELECT %(now)s - (10 + abs(hashint4(n::int)) %% 700) * interval '1 day' AS day) d
JOIN joinrequests_joinrequest t ON t.id = (%(templates)s)[1 + n %% %(each)s]
"""
_STEPS = """
INSERT INTO joinrequests_joinrequestevent
  (join_request_id, verb, state_before, state_after, by_staff, at, text, reason, ground_title)
SELECT r.id, s.verb, s.before, s.after, s.verb <> 'submit', s.at, '', '', ''
FROM joinrequests_joinrequest r
CROSS JOIN LATERAL (
  SELECT 'submit' AS verb, 'draft' AS before, 'awaiting_review' AS after, r.submitted_at AS at
  UNION ALL SELECT CASE r.state WHEN 'approved' THEN 'approve' ELSE 'decline' END,
    'awaiting_review', r.state, r.decided_at WHERE r.decided_at IS NOT NULL) s
WHERE r.id > %(after)s
"""
_LETTERS = """
INSERT INTO membership_outboxemail (
  key, kind, about, team_id, person_id, to_email, subject, body, message_id, state, wanted, due_at,
  attempts, lease_owner, last_error, queued_at, sent_at)
SELECT 'crowd:' || r.id, 'receipt', 'joinrequest:' || r.id, c.team_id, r.person_id, p.email,
  'Your request', 'Thank you for asking.', '<crowd' || r.id || '@example.org>', 'sent', true,
  r.submitted_at, 1, '', '', r.submitted_at, r.submitted_at
FROM joinrequests_joinrequest r
JOIN membership_person p ON p.id = r.person_id
JOIN communities_communityofpractice c ON c.id = r.community_id
WHERE r.id > %(after)s
"""
# Each person whose requests were approved is in the first of the communities.
_ENROLMENTS = """
INSERT INTO membership_enrolment (person_id, community_id, started_on)
SELECT person_id, community_id, decided_at::date FROM joinrequests_joinrequest
WHERE id > %(after)s AND state = 'approved' AND community_id = %(home)s
ON CONFLICT DO NOTHING
"""


def settle() -> None:
    """What autovacuum would have done by the next morning."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def templates(*, now: datetime) -> list[JoinRequest]:
    """One request to each community, sent as people send them."""
    return [
        builders.sent(builders.worker(f"template-{slug}@example.org"), slug) for slug in COMMUNITIES
    ]


def grow(first: int, last: int, models: list[JoinRequest], *, now: datetime) -> None:
    """Add the requests with the numbers from ``first`` to before ``last``, with all that hangs on them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM joinrequests_joinrequest")
        values = {
            "first": first,
            "last": last,
            "each": OF_A_PERSON,
            "now": now,
            "templates": [model.pk for model in models],
            "home": models[0].community_id,
            "after": cursor.fetchone()[0],
        }
        for statement in (_PEOPLE, _REQUESTS, _STEPS, _LETTERS, _ENROLMENTS):
            cursor.execute(statement, values)
            # Fresh figures for the planner, which the next statement and the pages ask.
            cursor.execute("ANALYZE")
