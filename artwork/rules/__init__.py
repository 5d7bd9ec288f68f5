"""What may be shown at all: rules, verdicts, policies."""
