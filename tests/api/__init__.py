"""The API, as an organizer's other tools use it."""
