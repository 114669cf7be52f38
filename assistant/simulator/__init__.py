"""The local carrier: Twilio's rules and API on this machine, phones on a page, and worlds without waiting."""
