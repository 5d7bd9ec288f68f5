"""The choice of a picture for a viewer, and what is learned from it."""
