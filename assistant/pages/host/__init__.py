"""The host's page: who needs a person, how the circle goes, and what can be done about it at once."""
