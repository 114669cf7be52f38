"""Reads what members ask their circle for and offer it: openings, deadlines, topics, money and links."""
