"""Firmware updates: what RAUC is asked, whether a new version may stay, and what is remembered across slots."""
