"""One form for several communities: what they share is asked once, and the rest for each."""

from collections.abc import Iterable
from dataclasses import dataclass

from django import forms

from communities.models import CommunityOfPractice
from requests.joining.forms import (
    Answers,
    Section,
    declaration_of,
    in_words,
    join_form_class,
    join_form_for,
)


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
        self,
        data: Answers | None = None,
        *,
        communities: Iterable[CommunityOfPractice],
        initial: Answers | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self._asks = {community: join_form_for(community).fields for community in communities}
        shared: dict[str, forms.Field] = {}
        for fields in self._asks.values():
            shared |= {name: field for name, field in fields.items() if _is_shared(field)}
        self._first = [name for name in shared if not _is_note(shared[name])]
        self._last = [name for name in shared if _is_note(shared[name])]
        self.fields |= {name: shared[name] for name in self._first}
        for community in self._asks:
            for name, field in self._differing(community).items():
                # An error names the community, for there are several questions alike.
                for code, said in field.error_messages.items():
                    field.error_messages[code] = f"{community.short_name}: {said}"
                self.fields[name] = field
        self.fields |= {name: shared[name] for name in self._last}

    def _differing(self, community: CommunityOfPractice) -> dict[str, forms.Field]:
        """The fields that are asked for each community, under their names in this form."""
        return {
            _key(community, name, field): field
            for name, field in self._asks[community].items()
            if not _is_shared(field)
        }

    @property
    def about_you(self) -> list[forms.BoundField]:
        """What is asked once, before the communities."""
        return [self[name] for name in self._first]

    @property
    def notes(self) -> list[forms.BoundField]:
        """What is asked once, after the communities."""
        return [self[name] for name in self._last]

    @property
    def parts(self) -> list[Part]:
        return [self._part(community) for community in self._asks]

    @property
    def answers(self) -> dict[str, Answers]:
        """What was typed, by the communities' slugs."""
        return {part.community.slug: part.answers for part in self.parts}

    @property
    def said(self) -> list[tuple[str, str]]:
        """What is answered once, in words."""
        return [self._in_words(name) for name in (*self._first, *self._last)]

    def answers_for(self, community: CommunityOfPractice, values: Answers) -> Answers:
        """Of the values of this form, those of one community under the names of its own form."""
        return {
            name: values.get(_key(community, name, field), "")
            for name, field in self._asks[community].items()
        }

    def _part(self, community: CommunityOfPractice) -> Part:
        differing = self._differing(community)
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

    What is shared comes from the first draft that has it. Notes are put one below the other, for
    each was written.
    """
    typed: Answers = {} if drafts else {"name": name, "phone": phone}
    notes: dict[str, list[str]] = {}
    for community, answers in drafts.items():
        for field_name, field in join_form_class(community).base_fields.items():
            key, said = _key(community, field_name, field), answers.get(field_name, "")
            typed[key] = typed.get(key) or said
            if _is_note(field) and said not in notes.setdefault(key, []):
                notes[key].append(said)
    return typed | {key: "\n\n".join(filter(None, written)) for key, written in notes.items()}


def _is_shared(field: forms.Field) -> bool:
    return declaration_of(field).shared


def _is_note(field: forms.Field) -> bool:
    return declaration_of(field).section == Section.NOTE


def _key(community: CommunityOfPractice, name: str, field: forms.Field) -> str:
    """The name of a join form's field in the form for several communities."""
    return name if _is_shared(field) else f"{community.slug}-{name}"
