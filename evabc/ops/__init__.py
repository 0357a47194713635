"""Operations: logs, health checks, metrics and backups."""
