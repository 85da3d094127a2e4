"""Pages of roaming."""
