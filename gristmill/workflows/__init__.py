"""What the command line does, as functions: plain arguments come in, files are written, a report goes out; running one again does only what is missing."""
