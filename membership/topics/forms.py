"""The forms with which staff work on topics."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from communities.models import Meeting
from membership.as_shown import AsShownForm
from membership.forms import message_field
from membership.models import Topic, TopicSubject
from membership.topics.models import OUTCOMES


class SubjectForm(forms.Form):
    """What a topic is about."""

    subject = forms.ModelChoiceField(
        TopicSubject.objects.all(), required=False, empty_label="Not chosen yet"
    )


class AgendaForm(AsShownForm):
    """On which agenda to put a topic."""

    meeting = forms.ModelChoiceField(
        Meeting.objects.none(),
        empty_label=None,
        error_messages={
            "required": "Choose a meeting.",
            "invalid_choice": "This meeting is over or cancelled. Choose another one.",
        },
    )

    def __init__(self, *args: Any, meetings: QuerySet[Meeting], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["meeting"].queryset = meetings  # type: ignore[attr-defined]


class OutcomeForm(AsShownForm):
    """What came of a topic."""

    state = forms.ChoiceField(
        label="Outcome",
        choices=OUTCOMES,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what came of the topic."},
    )
    text = message_field(
        "What came of it, in your words",
        help_text="This text appears here in the email, and on the topic’s page. Do not include client information.",
        missing="Write what came of the topic, for the members it concerns.",
    )


class HideForm(forms.Form):
    """Why a topic is hidden."""

    text = message_field(
        "Why you hide the topic",
        help_text="Only the person who raised it reads this. Do not repeat what should not be there.",
        missing="Write why you hide the topic, for the person who raised it.",
    )


class TopicChoice(forms.ModelChoiceField):
    """A topic, with its number of supporters and where it stands."""

    widget = forms.RadioSelect

    def label_from_instance(self, topic: Topic) -> str:
        return f"{topic.title} ({topic.supporters}, {topic.get_state_display().lower()})"  # type: ignore[attr-defined]


class MergeForm(forms.Form):
    """The topic that stays."""

    into = TopicChoice(
        Topic.objects.none(),
        label="Which topic is the same concern?",
        empty_label=None,
        error_messages={
            "required": "Choose the topic that stays.",
            "invalid_choice": "This topic was merged or hidden a moment ago. Choose another one.",
        },
    )

    def __init__(self, *args: Any, others: QuerySet[Topic], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["into"].queryset = others  # type: ignore[attr-defined]
