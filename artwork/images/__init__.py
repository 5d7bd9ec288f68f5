"""Pictures as files: what comes in, what is kept, what is delivered."""
