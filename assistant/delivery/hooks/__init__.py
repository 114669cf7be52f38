"""Tells an organizer's tools what happened: signed, to addresses outside, again until it was taken."""
