"""Bytes in, frozen values out: wire formats without any I/O, clock or log."""
