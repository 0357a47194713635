"""The life of a join request as data: which verb leads from which states to which state.

draft → awaiting_review ⇄ awaiting_reply → approved | declined | withdrawn | lapsed
"""

from django.db.models import TextChoices


class State(TextChoices):
    DRAFT = "draft", "Not sent yet"
    AWAITING_REVIEW = "awaiting_review", "Waiting for review"
    AWAITING_REPLY = "awaiting_reply", "Waiting for a reply"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    LAPSED = "lapsed", "Closed without a reply"


class Verb(TextChoices):
    SUBMIT = "submit", "Sent"
    ASK = "ask", "Question asked"
    REPLY = "reply", "Replied"
    APPROVE = "approve", "Approved"
    DECLINE = "decline", "Declined"
    WITHDRAW = "withdraw", "Withdrawn"
    LAPSE = "lapse", "Closed without a reply"
    REOPEN = "reopen", "Reopened"
    UNDO = "undo", "Decision undone"
    REVERSE = "reverse", "Approval reversed"
    NOTE = "note", "Checked against the register"


# What a state means for someone who wants to do something else. Follows "This request".
STATE_IN_WORDS = {
    State.DRAFT: "has not been sent yet",
    State.AWAITING_REVIEW: "is waiting for review",
    State.AWAITING_REPLY: "is waiting for a reply",
    State.APPROVED: "has already been approved",
    State.DECLINED: "has already been declined",
    State.WITHDRAWN: "has been withdrawn",
    State.LAPSED: "was closed without a reply",
}

OPEN = (State.AWAITING_REVIEW, State.AWAITING_REPLY)
DECIDED = (State.APPROVED, State.DECLINED, State.WITHDRAWN, State.LAPSED)

# The states from which each verb leads, and those to which it leads.
TRANSITIONS: dict[Verb, tuple[tuple[State, ...], tuple[State, ...]]] = {
    Verb.SUBMIT: ((State.DRAFT,), (State.AWAITING_REVIEW,)),
    Verb.ASK: (OPEN, (State.AWAITING_REPLY,)),
    Verb.REPLY: ((State.AWAITING_REPLY,), (State.AWAITING_REVIEW,)),
    Verb.APPROVE: (OPEN, (State.APPROVED,)),
    Verb.DECLINE: (OPEN, (State.DECLINED,)),
    Verb.WITHDRAW: (OPEN, (State.WITHDRAWN,)),
    Verb.LAPSE: ((State.AWAITING_REPLY,), (State.LAPSED,)),
    Verb.REOPEN: ((State.DECLINED, State.LAPSED), (State.AWAITING_REVIEW,)),
    Verb.UNDO: ((State.APPROVED, State.DECLINED), OPEN),
    Verb.REVERSE: ((State.APPROVED,), (State.AWAITING_REVIEW, State.DECLINED)),
}
# Only staff of the community's team may use these.
STAFF_VERBS = (
    Verb.ASK,
    Verb.APPROVE,
    Verb.DECLINE,
    Verb.REOPEN,
    Verb.UNDO,
    Verb.REVERSE,
    Verb.NOTE,
)
# The emails of these wait, so that who decided can undo the decision.
UNDOABLE = (Verb.APPROVE, Verb.DECLINE)

# Calendar days in British Columbia after the day of the question.
REMINDER_DAYS = (7, 21)
LAPSE_DAYS = 30
# A request lapses only this many days after its last reminder went out, even if that was late.
NOTICE_DAYS = 3


def allows(state: str, verb: Verb) -> bool:
    """Can this verb be used on a request in this state? A note does not change the state."""
    if verb == Verb.NOTE:
        return state in OPEN
    return state in TRANSITIONS[verb][0]
