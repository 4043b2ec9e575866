"""Drivers: they speak to one device over a port and return what it said, as values."""
