"""What ``posmedic decode`` knows: one module a kind, from bytes to a redacted result that may go into a ticket."""
