"""Candidate pictures for a title, and the choice of one for a viewer."""
