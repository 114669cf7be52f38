"""Commands about the number itself: what its registration asks for, and who agreed to its texts."""
