"""Mood: which of a documented vocabulary, how much of each, and what speaks for it."""
