"""Questions that people ask us back, and the language that they write in."""
