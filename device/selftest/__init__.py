"""Self-tests: one module per part; a check turns what a driver saw into evidence."""
