"""What proves a run: manifest and verification."""
