"""What RQ runs: jobs whose arguments are ids, and the processes that work on them."""
