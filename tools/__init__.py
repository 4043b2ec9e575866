"""Programs for people and CI; never imported by the product, never in its wheel."""
