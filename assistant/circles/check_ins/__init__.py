"""What a host asks or tells everyone in a circle: to whom it goes, what came back, who is reminded."""
