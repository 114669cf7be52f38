"""The local carrier: Twilio's rules and API on this machine, phones on a page. Knows nothing of circles."""
