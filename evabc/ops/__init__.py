"""Running the portal: what operators and their monitors need."""
