"""What follows from the position."""
