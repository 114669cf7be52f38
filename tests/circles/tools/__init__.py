"""Tokens, acts done once, and what hooks hear of."""
