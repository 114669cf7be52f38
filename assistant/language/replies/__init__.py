"""Reading a reply for the question that is open: what it means, which words say so, which are left over."""
