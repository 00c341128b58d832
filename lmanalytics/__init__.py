"""What Microsoft licenses an organization needs, owns, lacks and must order."""
