"""What the accessibility page says: each sentence is held by tests.

Change a sentence only with what shows it: `tests/portal/test_the_accessibility_statement.py` names the
tests of every one, and fails for one that has none.
"""

from datetime import date

STANDARD = "Web Content Accessibility Guidelines (WCAG) 2.2, level AA"

# In CSS pixels: a small phone and a laptop; and a laptop's page enlarged four times.
WIDTHS = (360, 1280)
ENLARGED_WIDTH = 320

AXE_VERSION = "4.12.1"
LOOKED_AT_ON = date(2026, 11, 23)

TESTED = (
    f"An automatic check (axe-core {AXE_VERSION}) finds no problem on any page that visitors, members or "
    f"staff can open, at {WIDTHS[0]} and at {WIDTHS[1]} pixels wide.",
    "Enlarged to 400 %, no page has to be scrolled sideways to be read, wide tables apart.",
    "You can ask to join, and staff can decide a request, with the keyboard alone. You always see "
    "where you are.",
    "You can ask to join, and staff can decide a request, with JavaScript turned off.",
    "When something is missing in a form, a summary says what, takes you there, and keeps what you typed.",
    "Every page says its language, has one main heading, and a link that skips to its content.",
)

NOT_TESTED = (
    "No person who uses a screen reader or voice control every day has tried the portal for us yet.",
    "Slack and Zoom, where the communities meet, are not part of this portal.",
)
