"""Calls to people on call: who is asked, what is spoken in their language, and what comes of a key."""
