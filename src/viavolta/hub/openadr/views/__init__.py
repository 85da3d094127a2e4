"""Pages of grid signals."""
