"""The circle assistant: peer mentorship circles by text message."""
