"""The posmedic service: it runs on the card terminal and explains what the host answered."""

__version__ = "0.1.0"
