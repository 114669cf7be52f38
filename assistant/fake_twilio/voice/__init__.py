"""Twilio Voice as far as we use it: calls out, what is said in them, keys, and two who are connected."""
