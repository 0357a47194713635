"""The forms of topics: what a member raises, and those with which staff work."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from communities.models import Meeting
from membership.as_shown import AsShownForm
from membership.forms import OnceForm, SingleLineField, message_field
from membership.models import Topic, TopicSubject
from membership.topics.models import OUTCOMES


class TopicForm(OnceForm):
    """A concern or question for the next meeting."""

    title = SingleLineField(
        label="Your concern or question, in one line",
        max_length=120,
        help_text="For example: Longer wait-lists since the spring",
        error_messages={"required": "Enter your concern or question."},
    )
    text = message_field(
        "What would you like to talk about?",
        help_text="Please do not write anything about the people you serve. Do not name colleagues either.",
        missing="Write a few words about it, so that others know if it concerns them too.",
    )
    shows_name = forms.BooleanField(
        label="Show my name to members of this community",
        required=False,
        help_text="If you don’t select this, members do not see who raised it. EVA BC staff do.",
    )


class SubjectForm(forms.Form):
    subject = forms.ModelChoiceField(
        TopicSubject.objects.all(), required=False, empty_label="Not chosen yet"
    )


class ChoiceForm(forms.Form):
    """A choice of one row ``among`` those that there are."""

    def __init__(self, *args: Any, among: QuerySet[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = among


class AgendaForm(AsShownForm, ChoiceForm):
    meeting = forms.ModelChoiceField(
        Meeting.objects.none(),
        empty_label=None,
        error_messages={
            "required": "Choose a meeting.",
            "invalid_choice": "This meeting is over or cancelled. Choose another one.",
        },
    )


class TopicChoice(forms.ModelChoiceField):
    """A topic, with its number of supporters and where it stands."""

    widget = forms.RadioSelect

    def label_from_instance(self, topic: Topic) -> str:
        return f"{topic.title} ({topic.supporters}, {topic.get_state_display().lower()})"  # type: ignore[attr-defined]


class MergeForm(ChoiceForm):
    into = TopicChoice(
        Topic.objects.none(),
        label="Which topic is the same concern?",
        empty_label=None,
        error_messages={
            "required": "Choose the topic that stays.",
            "invalid_choice": "This topic was merged or hidden a moment ago. Choose another one.",
        },
    )


class OutcomeForm(AsShownForm):
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
    text = message_field(
        "Why you hide the topic",
        help_text="Only the person who raised it reads this. Do not repeat what should not be there.",
        missing="Write why you hide the topic, for the person who raised it.",
    )
