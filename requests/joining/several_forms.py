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
        super().__init__(data, initial=dict(initial or {}))
        self._join_fields = {
            community: join_form_for(community).fields for community in communities
        }
        shared: dict[str, forms.Field] = {}
        differing: dict[str, forms.Field] = {}
        for community, fields in self._join_fields.items():
            for name, field in fields.items():
                if _is_shared(field):
                    shared[name] = field
                    continue
                # An error names the community, for there are several questions alike.
                for code, text in field.error_messages.items():
                    field.error_messages[code] = f"{community.short_name}: {text}"
                differing[_key(community, name, field)] = field
        notes = {name: field for name, field in shared.items() if _is_note(field)}
        about_you = {name: field for name, field in shared.items() if name not in notes}
        self.fields |= about_you | differing | notes
        # What is asked once: before the communities, and after them.
        self.about_you = [self[name] for name in about_you]
        self.notes = [self[name] for name in notes]

    @property
    def parts(self) -> list[Part]:
        return [self._part(community) for community in self._join_fields]

    @property
    def answers(self) -> dict[str, Answers]:
        """What was typed, by the communities' slugs."""
        return {part.community.slug: part.answers for part in self.parts}

    @property
    def said(self) -> list[tuple[str, str]]:
        """What is answered once, in words."""
        return [self._in_words(bound.name) for bound in (*self.about_you, *self.notes)]

    def answers_for(self, community: CommunityOfPractice, values: Answers) -> Answers:
        """Of the values of this form, those of one community under the names of its own form."""
        return {
            name: values.get(_key(community, name, field), "")
            for name, field in self._join_fields[community].items()
        }

    def _part(self, community: CommunityOfPractice) -> Part:
        names = [
            _key(community, name, field)
            for name, field in self._join_fields[community].items()
            if not _is_shared(field)
        ]
        return Part(
            community=community,
            fields=[self[name] for name in names],
            said=[self._in_words(name) for name in names],
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
    typed: dict[str, str] = {} if drafts else {"name": name, "phone": phone}
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
