"""What pages and the API read of a tenant, and of no other."""
