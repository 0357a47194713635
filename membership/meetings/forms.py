"""The forms of meetings for staff."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.http import QueryDict
from django.utils import timezone

from communities.calendar import day_off, format_day, same_weekday
from communities.models import CommunityOfPractice, Meeting
from communities.rules.vocabulary import MeetingKind
from membership.as_shown import AsShownForm
from membership.forms import (
    MAX_TEXT_LENGTH,
    FileOrTextForm,
    ParagraphsField,
    SingleLineField,
    TeamForm,
    day_field,
    file_field,
    message_field,
    pasted_field,
)
from membership.meetings import zoom
from membership.meetings.planning import RHYTHM, MeetingPlan
from membership.models import User

MOST_REPEATED = 8


def time_field(label: str, *, help_text: str) -> forms.TimeField:
    """A time of day, chosen with the browser's own control."""
    return forms.TimeField(
        label=label,
        help_text=help_text,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={
            "required": f"Enter the {label.lower()}.",
            "invalid": "Enter the time in hours and minutes, on the 24-hour clock.",
        },
    )


def _https_field(label: str, *, message: str, help_text: str) -> forms.CharField:
    """A link that only members open."""
    return forms.CharField(
        label=label,
        required=False,
        max_length=500,
        validators=[URLValidator(["https"], message=message)],
        help_text=help_text,
    )


class MeetingForm(AsShownForm, TeamForm):
    """A meeting, with its times in Vancouver time.

    ``meeting`` is the one to change. A new one can be repeated, and begins with the community of the slug ``community``.
    """

    communities = forms.ModelMultipleChoiceField(
        CommunityOfPractice.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one community."},
    )
    kind = forms.ChoiceField(choices=MeetingKind.choices)
    topic = SingleLineField(
        max_length=160,
        help_text="Anyone can read the topic on the community’s public page. Do not include people’s names or links.",
        error_messages={"required": "Enter the topic."},
    )
    day = day_field("Date")
    starts = time_field(
        "Start time",
        help_text="Pacific time. Pages also show the time for regions where it differs.",
    )
    ends = time_field("End time", help_text="Pacific time, on the same day.")
    repeat = forms.TypedChoiceField(
        label="Repeat",
        choices=[("", "Does not repeat"), *((n, f"Every {n} months") for n in RHYTHM.values())],
        coerce=int,
        required=False,
        help_text="On the same weekday of the month. You see each date, and can move it, before anything is scheduled.",
    )
    times = forms.IntegerField(
        label="Number of meetings, if it repeats",
        required=False,
        min_value=2,
        max_value=MOST_REPEATED,
        initial=4,
    )
    join_link = _https_field(
        "Zoom join link (you can add it later)",
        message="Paste the whole link from Zoom. It starts with https://",
        help_text="Members open the link through this site, after they sign in. No email contains it.",
    )
    speaker = SingleLineField(
        label="Speaker (optional)",
        required=False,
        max_length=120,
        help_text="Only members see the speaker. Ask the speaker first.",
    )
    about_speaker = SingleLineField(
        label="About the speaker, in one line (optional)", required=False, max_length=300
    )
    agenda = ParagraphsField(
        label="Agenda (optional)",
        required=False,
        max_length=MAX_TEXT_LENGTH,
        help_text="Do not include client information.",
    )
    notes = ParagraphsField(
        label="Notes from the meeting (optional)",
        required=False,
        max_length=MAX_TEXT_LENGTH,
        help_text="Members can read the notes on the meeting’s page. Do not include client information.",
    )
    recording_link = _https_field(
        "Link to the recording (optional)",
        message="Paste the whole link to the recording. It starts with https://",
        help_text="Members open it through this site, after they sign in. Add it only if everyone knew that the meeting was recorded.",
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        user: User,
        meeting: Meeting | None = None,
        community: str = "",
    ) -> None:
        super().__init__(data, user=user)
        if meeting is None:
            del self.fields["notes"], self.fields["recording_link"]
            if community:
                own = self.fields["communities"].queryset  # type: ignore[attr-defined]
                self.initial["communities"] = own.filter(slug=community)
        else:
            del self.fields["repeat"], self.fields["times"]
            self.initial = {
                **forms.model_to_dict(meeting),
                "day": meeting.day,
                "starts": timezone.localtime(meeting.starts_at).time(),
                "ends": timezone.localtime(meeting.ends_at).time(),
            }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("repeat") and "times" not in self.errors and not data.get("times"):
            self.add_error("times", f"Enter a number from 2 to {MOST_REPEATED}.")
        return data

    @property
    def days(self) -> list[date]:
        """The days of the meetings, if it repeats."""
        data = self.cleaned_data
        number = data["times"] if data["repeat"] else 0
        return [same_weekday(data["day"], months_later=data["repeat"] * n) for n in range(number)]

    @property
    def plan(self) -> MeetingPlan:
        """The plan, once the form is valid."""
        data = self.cleaned_data
        return MeetingPlan(
            communities=tuple(data["communities"]),
            kind=data["kind"],
            topic=data["topic"],
            starts_at=timezone.make_aware(datetime.combine(data["day"], data["starts"])),
            ends_at=timezone.make_aware(datetime.combine(data["day"], data["ends"])),
            join_link=data["join_link"],
            agenda=data["agenda"],
            notes=data.get("notes", ""),
            speaker=data["speaker"],
            about_speaker=data["about_speaker"],
            recording_link=data.get("recording_link", ""),
        )


class SeriesForm(forms.Form):
    """The dates of a plan that repeats, as they are proposed and as staff move them.

    ``seen`` are the dates that were shown with what day they are. A weekend or holiday that was not is shown first.
    """

    def __init__(self, data: QueryDict | None = None, *, days: Iterable[date]) -> None:
        super().__init__(data)
        self.proposed = list(days)
        for number, day in enumerate(self.proposed, start=1):
            self.fields[f"date-{number}"] = day_field(f"Meeting {number}")
            self.initial[f"date-{number}"] = day
        self.warns = False
        if data is None:
            self._say(self.proposed)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        days = [data.get(name) for name in self.fields]
        for number, day in enumerate(days, start=1):
            if day and day in days[: number - 1]:
                self.add_error(f"date-{number}", "This date is in the list already.")
        self._say(days)
        seen = self.data.getlist("seen") if isinstance(self.data, QueryDict) else []
        self.warns = any(day and day_off(day) and day.isoformat() not in seen for day in days)
        return data

    def _say(self, days: Iterable[date | None]) -> None:
        """Beside each date, what day it is."""
        self.seen = [day.isoformat() for day in days if day]
        for field, day in zip(self, days, strict=True):
            if day:
                name = day_off(day)
                field.help_text = f"{format_day(day)}{name and f'. Not a business day: {name}.'}"

    def plans(self, plan: MeetingPlan) -> list[MeetingPlan]:
        """The plan on each of the days, at the same time of day."""
        starts, ends = (timezone.localtime(at).time() for at in (plan.starts_at, plan.ends_at))
        return [
            replace(
                plan,
                starts_at=timezone.make_aware(datetime.combine(day, starts)),
                ends_at=timezone.make_aware(datetime.combine(day, ends)),
            )
            for day in sorted(self.cleaned_data.values())
        ]


class CancelForm(forms.Form):
    """Cancel a meeting."""

    text = message_field(
        "Why the meeting is cancelled, and what happens instead",
        help_text="This text appears here in the email, and on the meeting’s page.",
        missing="Explain why the meeting is cancelled, for people who planned to attend.",
    )


class ZoomForm(FileOrTextForm[zoom.ParticipantList]):
    """Zoom's list of participants, as a file or as text."""

    file = file_field("File from Zoom")
    pasted = pasted_field(
        "Or paste the list",
        help_text="Include the headings, or put one name or email on each line. For thousands of lines, use the file.",
    )

    read_file = staticmethod(zoom.read_file)
    read_pasted = staticmethod(zoom.read_pasted)
