"""The way a text takes: inbox, conversation, outbox."""
