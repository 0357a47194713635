"""What beat sends, and how often. Hours are those of British Columbia."""

from celery.schedules import crontab

SCHEDULE = {
    "say-that-you-live": {"task": "evabc.say_that_you_live", "schedule": 30.0},
    "sweep-letters": {"task": "membership.sweep_letters", "schedule": 30.0},
    # Once a day would do. Every hour makes up for a night when nothing ran; by day only, because
    # nobody wants its emails at night.
    "remind-and-lapse": {
        "task": "joinrequests.remind_and_lapse",
        "schedule": crontab(minute="7", hour="7-19"),
    },
    # By day only and made up for, as above.
    "ask-yearly": {
        "task": "joinrequests.ask_yearly",
        "schedule": crontab(minute="22", hour="7-19"),
    },
    "remind-of-meetings": {
        "task": "membership.remind_of_meetings",
        "schedule": crontab(minute="17", hour="7-19"),
    },
    # Once a morning would do; the later runs make up for it until noon.
    "morning-digest": {
        "task": "joinrequests.morning_digest",
        "schedule": crontab(minute="*/20", hour="7-11", day_of_week="mon-fri"),
    },
    # The filters of the queue say that they are as old as this.
    "look-at-open-requests": {
        "task": "joinrequests.look_at_the_open_ones",
        "schedule": 15 * 60.0,
    },
    # The first run of a day finds what there is; the others make up for one that did not happen.
    "retain": {"task": "joinrequests.retain", "schedule": crontab(minute="41")},
    "sweep-lists": {"task": "membership.sweep_lists", "schedule": 300.0},
    # The first run after midnight does the work of the day; a later one makes up for it.
    "reassess-rosters": {"task": "membership.reassess_rosters", "schedule": 15 * 60.0},
    # Before staff come; the later runs make up for a night when nothing ran.
    "nightly-backup": {
        "task": "evabc.nightly_backup",
        "schedule": crontab(minute="40", hour="2-23"),
    },
}
