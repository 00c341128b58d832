"""What the chapters show: their tables and sentences."""
