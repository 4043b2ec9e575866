"""The technician's laptop: the other end of the terminal's port. Standard library, pyserial, protocol.console_*."""
