"""What is published of a page: rendered, written to files, handed out."""
