"""One suite of expectations per table."""
