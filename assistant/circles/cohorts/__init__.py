"""Whole cohorts: brought in from spreadsheets, invited, spread over circles, and how they stand."""
