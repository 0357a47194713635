"""Accounts: signing in with allauth, two-step sign-in, sessions and staff teams."""
