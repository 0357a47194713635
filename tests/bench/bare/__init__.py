"""A bare Django project, to compare the portal with."""
