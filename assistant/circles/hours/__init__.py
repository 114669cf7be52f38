"""The circle hour: agreeing on it, telling everyone in their own time, running it, and who was there."""
