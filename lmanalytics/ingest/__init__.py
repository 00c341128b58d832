"""Exports in, canonical tables out."""
