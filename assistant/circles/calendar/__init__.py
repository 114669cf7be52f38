"""When a season asks what: each seat's next prompt, breaks, and the hosts' Monday briefs."""
