"""The command line: a verb and its options come in, an answer for a person or a machine goes out; exit code 0 means that it did what was asked."""
