"""The communities of practice and their rules. This floor knows no person."""
