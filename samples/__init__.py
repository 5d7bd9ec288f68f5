"""The demo: real clips understood, and their artwork personalised, in front of you."""
