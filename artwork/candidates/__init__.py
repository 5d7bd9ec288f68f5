"""Which moments of a film are looked at, and which become candidate pictures."""
