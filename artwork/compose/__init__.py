"""Pictures composed from a title's own: lettered, graded, put beside each other, extended."""
