"""Pages of an organisation that runs stations."""
