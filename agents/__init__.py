"""Who acts: batches of observations come in, one action for each goes out; no policy keeps state beyond what it is given."""
