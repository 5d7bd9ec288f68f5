"""The taste space: titles placed by what viewers watch together, new ones by content."""
