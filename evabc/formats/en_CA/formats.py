"""How dates and times are written: on pages, in the admin, in emails and in exports for people.

``November 25, 2026``, ``2:55 p.m.``, ``November 25, 2026, 2:55 p.m.``. Django's ``date`` and ``time`` filters,
``date_format()`` and the admin take these by default. ``communities.calendar`` has ranges and weekdays.
"""

DATE_FORMAT = "F j, Y"
TIME_FORMAT = "P"
DATETIME_FORMAT = "F j, Y, P"
MONTH_DAY_FORMAT = "F j"
SHORT_DATE_FORMAT = DATE_FORMAT
SHORT_DATETIME_FORMAT = DATETIME_FORMAT
