"""What staff say about Slack: its invitation link, and who is in it."""

from typing import Any

from django import forms

from membership.access.exports import Export, read_export, read_pasted
from membership.importing.sheets import MOST_BYTES, MOST_ROWS
from membership.refusal import Refused

LONGEST_PASTE = 200_000  # under what one form may bring


class LinkForm(forms.Form):
    """A new invitation link."""

    link = forms.URLField(
        label="Invitation link",
        max_length=500,
        assume_scheme="https",
        help_text="In Slack: Invite people, then “Copy invite link”.",
        error_messages={
            "required": "Paste the invitation link from Slack.",
            "invalid": "This is no link. Paste it as Slack gives it.",
        },
    )
    expires_on = forms.DateField(
        label="Works until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The last day, as Slack says. Leave it empty where the link never expires.",
        error_messages={"invalid": "Write the day like 2027-03-31."},
    )
    most_uses = forms.IntegerField(
        label="Most people it lets in",
        required=False,
        min_value=1,
        max_value=100_000,
        initial=400,
        help_text="Slack’s links let 400 people in. Leave it empty where there is no limit.",
        error_messages={"invalid": "Write a number."},
    )


class ExportForm(forms.Form):
    """Slack's member export as a file, or addresses pasted; ``export`` is what was read."""

    export: Export
    file = forms.FileField(
        label="Slack’s member export",
        required=False,
        error_messages={"empty": "The file is empty."},
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
        help_text=(
            "In Slack: Manage members, then “Export member list”. "
            f"CSV (UTF-8) or XLSX, up to {MOST_BYTES // 1_000_000} MB and {MOST_ROWS:,} rows."
        ),
    )
    pasted = forms.CharField(
        label="Or paste the addresses",
        required=False,
        max_length=LONGEST_PASTE,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="One a line, or with commas. For more than about 5,000, use a file.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file, pasted = data.get("file"), data.get("pasted", "").strip()
        if self.errors:
            return data
        if bool(file) == bool(pasted):
            said = "Choose a file, or paste addresses." + (" Not both." if file else "")
            self.add_error("file", said)
            return data
        try:
            if file:
                self.export = read_export(file.file, file.name)
            else:
                self.export = read_pasted(pasted)
        except Refused as refusal:
            self.add_error("file" if file else "pasted", str(refusal))
        return data
