"""The C boundary: bindings through cffi, found at run time."""
