"""Privacy: purposes and consent, corrections, erasing, and retention."""
