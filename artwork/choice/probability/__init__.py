"""Logged probabilities looked back at: computed again, audited, explained."""
