"""Life's moves as they meet a conversation: a number in doubt, two circles, another language."""
