"""Repairs of data that somebody approved: `corrections.yaml`, applied between the readers and the gate."""
