"""A bare Django project: what the portal's figures are held against."""
