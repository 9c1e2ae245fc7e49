"""A trained model behind OpenAI's protocol: requests for chat completions come in, the same acts as in its own seat go out, decoded together."""
