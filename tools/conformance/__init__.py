"""What a vendor of a payment application proves with: ``python -m conformance``."""
