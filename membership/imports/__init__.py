"""Imports of lists: read a file, show what it would change, and apply all of it or nothing."""
