"""Builds what runs on a terminal: install tree, Debian package, disk image, and an emulated terminal to try it in."""
