"""What those who run cohorts do: bring people in from spreadsheets, and see counts, never words."""
