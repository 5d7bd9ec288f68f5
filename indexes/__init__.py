"""Vectors: the store, similar titles, search, generations and cut-over."""
