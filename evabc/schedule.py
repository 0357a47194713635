"""What beat rings for, and how often."""

SCHEDULE = {
    "sweep-letters": {"task": "membership.sweep_letters", "schedule": 30.0},
    # The first ring after midnight does the work of the day; a later one makes up for it.
    "reassess-rosters": {"task": "membership.reassess_rosters", "schedule": 15 * 60.0},
}
