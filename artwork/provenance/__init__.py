"""Where a picture comes from, told by a signed C2PA manifest inside of every file that leaves."""
