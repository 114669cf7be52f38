"""Something big in a member's life: who may know, what would help, and what others answer."""
