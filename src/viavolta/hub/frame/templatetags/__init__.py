"""Template tags of the frame, at hand in every template without loading."""
