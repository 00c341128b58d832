"""Licenses against demand: plan, position, true-up."""
