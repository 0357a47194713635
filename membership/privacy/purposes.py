"""What EVA BC asks for and why, in the words that people agree to.

Whoever changes PURPOSES, so that something new is done with what people told us, gives VERSION the next
number and CHANGED its day: everybody is then asked again.
"""

from datetime import date

VERSION = 1
CHANGED = date(2026, 11, 23)

PURPOSES = (
    "to decide whether you can join a community, by its rules;",
    "to keep the list of who is in each community true, and ask you once a year;",
    "to write to you about your requests, your communities and their meetings;",
    "to let you into Slack and the Zoom meetings of your communities;",
    "to count, without names, how the communities are doing.",
)
