"""The technician's port: a line protocol for people and scripts over a serial line. Never a shell."""
