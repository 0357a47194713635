"""What staff write about meetings."""

from datetime import datetime

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import URLValidator
from django.http import QueryDict
from django.utils import timezone

from communities.models import CommunityOfPractice, Meeting
from communities.rules.vocabulary import MeetingKind
from membership.accounts.teams import families_of
from membership.forms import LONGEST_TEXT, ParagraphsField
from membership.imports.sheets import MOST_BYTES, MOST_ROWS, refuse_too_large
from membership.meetings.planning import Plan
from membership.meetings.zoom import Report, read_file, read_pasted
from membership.models import User
from membership.refusal import Refused
from membership.register.names import clean_text

LONGEST_PASTE = 200_000


class MeetingForm(forms.Form):
    """A meeting, its time as the clocks in Vancouver show it."""

    communities = forms.ModelMultipleChoiceField(
        CommunityOfPractice.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one community."},
    )
    kind = forms.ChoiceField(choices=MeetingKind.choices)
    topic = forms.CharField(
        max_length=160,
        help_text="It is in letters and calendars: no names of people, no link.",
        error_messages={"required": "Write the topic."},
    )
    day = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Give the day.",
            "invalid": "Write the day as year-month-day, for example 2027-03-31.",
        },
    )
    starts = forms.TimeField(
        label="Start",
        help_text="The time in Vancouver. The pages add the time of regions where it differs.",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={
            "required": "Give the start.",
            "invalid": "Write the time like 10:00 or 14:30.",
        },
    )
    ends = forms.TimeField(
        label="End",
        help_text="The time in Vancouver, on the same day.",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={
            "required": "Give the end.",
            "invalid": "Write the time like 10:00 or 14:30.",
        },
    )
    join_link = forms.CharField(
        label="Zoom’s join link (you can add it later)",
        required=False,
        max_length=500,
        validators=[
            URLValidator(["https"], message="Paste Zoom’s whole link. It starts with https://")
        ],
        help_text="It stays on the portal: enrolled people reach it after they sign in.",
    )
    agenda = ParagraphsField(
        label="Agenda (optional)",
        required=False,
        max_length=LONGEST_TEXT,
        help_text="No client information.",
    )
    notes = ParagraphsField(
        label="Notes afterwards (optional)",
        required=False,
        max_length=LONGEST_TEXT,
        help_text="Enrolled people read them on the meeting’s page. No client information.",
    )

    def __init__(
        self, data: QueryDict | None = None, *, user: User, meeting: Meeting | None = None
    ) -> None:
        super().__init__(data, initial=_as_typed(meeting) if meeting else None)
        theirs = CommunityOfPractice.objects.filter(team__family__in=families_of(user))
        choice = self.fields["communities"]
        choice.queryset = theirs.select_related("team")  # type: ignore[attr-defined]
        if meeting is None:
            del self.fields["notes"]

    def clean_topic(self) -> str:
        return clean_text(self.cleaned_data["topic"])

    @property
    def plan(self) -> Plan:
        """What was written, once it is valid."""
        data = self.cleaned_data
        return Plan(
            communities=tuple(data["communities"]),
            kind=data["kind"],
            topic=data["topic"],
            starts_at=timezone.make_aware(datetime.combine(data["day"], data["starts"])),
            ends_at=timezone.make_aware(datetime.combine(data["day"], data["ends"])),
            join_link=data["join_link"],
            agenda=data["agenda"],
            notes=data.get("notes", ""),
        )


def _as_typed(meeting: Meeting) -> dict[str, object]:
    return {
        "communities": [community.pk for community in meeting.communities.all()],
        "kind": meeting.kind,
        "topic": meeting.topic,
        "day": meeting.day,
        "starts": timezone.localtime(meeting.starts_at).time(),
        "ends": timezone.localtime(meeting.ends_at).time(),
        "join_link": meeting.join_link,
        "agenda": meeting.agenda,
        "notes": meeting.notes,
    }


class CancelForm(forms.Form):
    """Cancelling a meeting."""

    text = ParagraphsField(
        label="Why, and what comes instead",
        help_text="It appears here, in the letter, and on the meeting’s page.",
        max_length=LONGEST_TEXT,
        error_messages={"required": "Write why, in words for those who planned to come."},
    )


class ZoomForm(forms.Form):
    """Zoom's list of participants: its file, or its text."""

    file = forms.FileField(
        label="The file from Zoom",
        required=False,
        help_text=f"CSV (UTF-8) or XLSX, up to {MOST_BYTES // 1_000_000} MB and {MOST_ROWS:,} rows.",
        error_messages={"empty": "The file is empty."},
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )
    text = forms.CharField(
        label="Or paste the list",
        required=False,
        strip=False,
        max_length=LONGEST_PASTE,
        help_text="With its headings, or one name or email on each line. For thousands of lines take the file.",
        widget=forms.Textarea(attrs={"rows": 8}),
    )

    report: Report

    def clean_file(self) -> UploadedFile | None:
        file: UploadedFile | None = self.cleaned_data["file"]
        try:
            # By what the upload weighs: nothing of it is read yet.
            refuse_too_large((file.size or 0) if file else 0)
        except Refused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return file

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if self.errors:
            return data
        file, pasted = data["file"], data["text"]
        if bool(file) == bool(pasted.strip()):
            problem = "Choose one of the two." if file else "Choose a file, or paste the list."
            raise forms.ValidationError(problem)
        try:
            self.report = read_file(file.read(), file.name) if file else read_pasted(pasted)
        except Refused as refusal:
            self.add_error("file" if file else "text", str(refusal))
        return data
