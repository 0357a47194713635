"""The six communities of practice and their rules. This floor knows no person."""
