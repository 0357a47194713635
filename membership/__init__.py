"""People, agencies, programs, roles, EVA BC memberships, enrolments, letters and sign-in."""
