"""Flows to look at: drawn, worded side by side, compared with what they were. They change in their files."""
