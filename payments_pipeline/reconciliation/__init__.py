"""Bank against books, day by day and rail by rail."""
