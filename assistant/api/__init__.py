"""The API: what an organizer's other tools may read and do, with the same rights and on record."""
