"""Worlds without waiting: transcripts, personas, whole seasons, and the invariants they are held to."""
