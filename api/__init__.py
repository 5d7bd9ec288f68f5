"""HTTP and command line. Knows no model, no SQL, no torch."""
