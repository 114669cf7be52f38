"""The circle domain: joining, seats, roles, and what members ask of it. Returns what to say; never sends."""
