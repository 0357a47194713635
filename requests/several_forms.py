"""Asking to join several communities in one sitting: what they share once, and what differs by each."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django import forms

from communities.models import CommunityOfPractice
from membership.models import Agency
from requests.forms import ProgramJoinForm, in_words, join_form_for

ABOUT_HER = ("name", "phone", "agency", "community_served")
MEMBERSHIP = "eva_membership"
NOTE = "note"
SHARED = (*ABOUT_HER, MEMBERSHIP, NOTE)

Answers = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """The questions of one community, as they stand on the page."""

    community: CommunityOfPractice
    fields: list[forms.BoundField]
    said: list[tuple[str, str]]
    answers: Answers


class SeveralForm(forms.Form):
    """One form for all ``communities``: the fields of the join forms, those that differ under a prefix.

    ``answers_for`` gives the answers of one community in the shape of its own join form.
    """

    def __init__(
        self, *args: Any, communities: Iterable[CommunityOfPractice], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        asks = {community: join_form_for(community).fields for community in communities}
        self._asks = {community: list(fields) for community, fields in asks.items()}
        asked = {name for fields in asks.values() for name in fields}
        for name in ABOUT_HER if MEMBERSHIP not in asked else (*ABOUT_HER, MEMBERSHIP):
            self.fields[name] = deepcopy(ProgramJoinForm.base_fields[name])
        self.fields["agency"].widget.suggestions = Agency.objects.values_list("name", flat=True)
        for community, fields in asks.items():
            self._ask_about_work(community, fields)
        self.fields[NOTE] = deepcopy(ProgramJoinForm.base_fields[NOTE])

    def _ask_about_work(
        self, community: CommunityOfPractice, fields: dict[str, forms.Field]
    ) -> None:
        """The questions that differ; an error names the community, for there are several alike."""
        for name, field in fields.items():
            if name in SHARED:
                continue
            for code in ("required", "invalid_choice"):
                said = field.error_messages.get(code)
                field.error_messages[code] = f"{community.short_name}: {said}"
            self.fields[_prefixed(community, name)] = field

    @property
    def about_her(self) -> list[forms.BoundField]:
        return [self[name] for name in (*ABOUT_HER, MEMBERSHIP) if name in self.fields]

    @property
    def note(self) -> forms.BoundField:
        return self[NOTE]

    @property
    def parts(self) -> list[Part]:
        return [self._part(community, names) for community, names in self._asks.items()]

    @property
    def said(self) -> list[tuple[str, str]]:
        """What she answers once, in words."""
        return [self._in_words(name) for name in SHARED if name in self.fields]

    def answers_for(self, community: CommunityOfPractice, values: Mapping[str, Any]) -> Answers:
        """Of the values of this form, those of one community under the names of its own form."""
        return {name: values.get(_prefixed(community, name), "") for name in self._asks[community]}

    def _part(self, community: CommunityOfPractice, names: list[str]) -> Part:
        differing = [_prefixed(community, name) for name in names if name not in SHARED]
        return Part(
            community=community,
            fields=[self[name] for name in differing],
            said=[self._in_words(name) for name in differing],
            answers=self.answers_for(community, self.data or self.initial),
        )

    def _in_words(self, name: str) -> tuple[str, str]:
        field = self.fields[name]
        return str(field.label), in_words(field, self.data.get(name, ""))


def as_typed(drafts: dict[CommunityOfPractice, Answers], *, name: str, phone: str) -> Answers:
    """The drafts as the values of one form; ``name`` and ``phone`` where there are none yet.

    What is shared comes from the first draft that has it. Her notes are put one below the other, for
    each was written.
    """
    typed: Answers = {} if drafts else {"name": name, "phone": phone}
    for community, answers in reversed(drafts.items()):
        for key, said in answers.items():
            if said or _prefixed(community, key) not in typed:
                typed[_prefixed(community, key)] = said
    notes = dict.fromkeys(answers.get(NOTE, "") for answers in drafts.values())
    return {**typed, NOTE: "\n\n".join(filter(None, notes))}


def _prefixed(community: CommunityOfPractice, name: str) -> str:
    return name if name in SHARED else f"{community.slug}-{name}"
