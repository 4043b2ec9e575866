"""Data files of the product: checks and limits, causes, texts, code tables, message profiles."""
