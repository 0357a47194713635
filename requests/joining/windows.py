"""The same form in two windows: an older page does not overwrite in silence what another one has saved since.

A page sends back a digest of each answer that it shows. An answer that it has not changed gives way to the
saved one. One that was changed in both windows stays as it is here, and the page says what the other was.
"""

from membership.as_shown import digest
from requests.joining.forms import Answers


def shown(answers: Answers) -> str:
    """What a page shows, as its form sends it back in ``as_shown``."""
    # Without spaces: what was typed before a session ended is shown again, if it has any.
    return ",".join(f"{name}:{_digest(answer)}" for name, answer in answers.items())


def merge(typed: Answers, *, saved: Answers, as_shown: str) -> tuple[Answers, list[str]]:
    """The answers to save, and the names of those that replace other answers from another window."""
    merged, replaced = dict(typed), []
    for name, _, before in (pair.partition(":") for pair in as_shown.split(",")):
        other, here = saved.get(name, ""), _digest(typed.get(name, ""))
        if name not in typed or _digest(other) in (before, here):
            continue
        if here == before:
            merged[name] = other
        else:
            replaced.append(name)
    return merged, replaced


def sentence(question: str, answer: str) -> str:
    """What was answered in the other window."""
    was = f"was “{answer}”" if answer else "was empty"
    return (
        f"In another window, your answer to “{question}” {was}. We saved the answer on this page."
    )


def _digest(answer: object) -> str:
    # A browser sends line breaks in its own way.
    return digest(str(answer).replace("\r\n", "\n"))
