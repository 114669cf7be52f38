"""Reads what people write (replies, commands, signals) and writes the texts that they read. Pure."""
