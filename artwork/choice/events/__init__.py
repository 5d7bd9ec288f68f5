"""What viewers did: rewards and what was watched, what it is worth, and whose it is."""
