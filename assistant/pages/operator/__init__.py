"""The operator's page: how the service is doing, what got stuck, and words of danger to label."""
