"""Template tags of the market."""
