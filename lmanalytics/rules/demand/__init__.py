"""What the estate requires."""
