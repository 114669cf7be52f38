"""The conversation engine: flow files become checked flows, and a reply becomes the next turn. Pure."""
