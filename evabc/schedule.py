"""What beat rings for, and how often."""

SCHEDULE = {
    "sweep-letters": {"task": "membership.sweep_letters", "schedule": 30.0},
    "sweep-lists": {"task": "membership.sweep_lists", "schedule": 300.0},
}
