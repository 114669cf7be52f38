"""Counts and trends that a funder may read; what would tell of fewer than five people is suppressed."""
