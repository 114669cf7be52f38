"""Asks and offers: who may help is asked, two who said yes are linked, and every ask ends exactly once."""
