"""Sign-in: what allauth lets us adapt."""
