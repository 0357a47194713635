"""A bare Django project, all of it here: what the portal's figures are compared with."""
