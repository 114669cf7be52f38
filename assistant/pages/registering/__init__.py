"""What a registration of the number asks for, and why carriers would refuse it."""
