"""Pages of the market: lists, entries, editing, files, searches, moderation."""
