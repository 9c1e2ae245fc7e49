"""A retail support desk: a customer with private facts comes in, a shop changed only within its policy goes out, proved by its end state and its log."""
