"""Running the portal: logs, health, figures, backups."""
