"""Introductions: two get to know each other where both said yes, and nobody learns who did not."""
