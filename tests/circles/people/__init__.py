"""Tests of who people are, what they may do, and whether they can be reached."""
