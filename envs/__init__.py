"""Where it happens: a scenario and a seed come in, a playable world goes out; equal actions always reach an equal state, and its checks read evidence only."""
