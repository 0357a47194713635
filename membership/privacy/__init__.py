"""Privacy: purposes and consent, erasing, retention, what is held about a person."""
