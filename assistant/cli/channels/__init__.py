"""The commands that are about channels: what WhatsApp approves, and which are ready."""
