"""Lists that come in: read a file, say what it would do, and do it all or not at all."""
