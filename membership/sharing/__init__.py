"""What staff share with the members of a community: announcements."""
