"""Session, commands, jobs and settings. Knows no Qt."""
