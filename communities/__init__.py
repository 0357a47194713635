"""The communities of practice and their rules. This layer knows no person."""
