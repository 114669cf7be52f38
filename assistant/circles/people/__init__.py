"""Who people are to us: seats, addresses, consent, reachability, what they may do, what was done."""
