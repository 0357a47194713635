"""People, agencies, programs, roles, EVA BC memberships, enrolments, emails and sign-in."""
