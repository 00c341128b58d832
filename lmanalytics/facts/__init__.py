"""Canonical tables to one fact table per grain."""
