"""What organizers look at: circles and cohorts in counts, reports, and files of people to invite."""
