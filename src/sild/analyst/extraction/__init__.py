"""Takes the text out of files, in a process of its own with limits."""
