"""The terminal simulator: hardware, host and card described by a scenario, played against the real service."""
