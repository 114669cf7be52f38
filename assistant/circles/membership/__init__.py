"""Coming in, being known, resting and leaving: one seat in one circle."""
