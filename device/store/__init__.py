"""The one database of the terminal."""
