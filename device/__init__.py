"""The posmedic service: it runs on the card terminal and explains what the host answered."""
