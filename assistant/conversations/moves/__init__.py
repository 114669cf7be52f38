"""Life's moves as they meet a conversation: a number in doubt, two circles on one evening, another language."""
