"""What a title is: from media files to facts and vectors; the catalogue and the records."""
