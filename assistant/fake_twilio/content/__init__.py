"""Twilio's Content API as rules: what a template may be, how it is filled, and how WhatsApp reviews it."""
