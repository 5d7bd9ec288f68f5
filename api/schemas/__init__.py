"""Answers: what leaves the service, built from the records of the rooms below."""
