"""What a chat's buttons and windows mean to a conversation."""
