"""What will happen: a description and a seed come in; scenarios, rows, documents and tasks go out, the same for the same seed, each with what it takes to draw it again."""
