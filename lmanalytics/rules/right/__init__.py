"""What changes demand or supply."""
