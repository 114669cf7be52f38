"""Twilio's REST API over HTTP: one module for each part of it that we call, behind one login."""
