"""What people do with stations, limits, prices and tokens; each checks the role."""
