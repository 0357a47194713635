"""The life of an access as data: which verb leads from which state to which.

not needed → to do → (invited →) joined → to remove → removed, and to do again for who comes back.
"""

from typing import TypeAlias

from membership.models import Access, AccessStep

State: TypeAlias = Access.State
Verb: TypeAlias = AccessStep.Verb

GIVEN = (State.INVITED, State.JOINED)
# What somebody has to do, as the desk shows it first.
TASKS = (State.TO_DO, State.INVITED, State.TO_REMOVE)

TRANSITIONS: dict[Verb, dict[State, State]] = {
    # Who comes back before she was removed is where she was: ``verbs`` reads that from her steps.
    Verb.WANTED: {
        State.NOT_NEEDED: State.TO_DO,
        State.REMOVED: State.TO_DO,
        State.TO_REMOVE: State.INVITED,
    },
    Verb.INVITED: {State.TO_DO: State.INVITED},
    Verb.JOINED: {State.TO_DO: State.JOINED, State.INVITED: State.JOINED},
    Verb.NOT_THERE: {State.INVITED: State.TO_DO, State.JOINED: State.TO_DO},
    # Only access that was given is taken away.
    Verb.ENDED: {
        State.TO_DO: State.NOT_NEEDED,
        State.INVITED: State.TO_REMOVE,
        State.JOINED: State.TO_REMOVE,
    },
    Verb.FOUND: {State.NOT_NEEDED: State.TO_REMOVE, State.REMOVED: State.TO_REMOVE},
    Verb.REMOVED: {State.TO_REMOVE: State.REMOVED},
}


def allows(access: Access, verb: Verb) -> bool:
    """May this verb be used on this access now? Nobody is invited to a list: she is put on it."""
    if verb == Verb.INVITED and access.kind == Access.Kind.ZOOM:
        return False
    return State(access.state) in TRANSITIONS[verb]
