"""Lines and sockets: the only place that opens a serial port, a socket or a device file."""
