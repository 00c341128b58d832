"""What would change: scenarios, and the difference of two runs split by cause."""
