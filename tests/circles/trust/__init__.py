"""Tests of trust in words."""
