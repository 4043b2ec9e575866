"""The engine: evidence and catalogue values in, a Diagnosis out. Pure."""
