"""Settings, wiring, the supervisor and the durable jobs: ingest, reindex."""
