"""Danger: its reader, its approved answers, alerts, who is on call, escalation. One door, all of it."""
