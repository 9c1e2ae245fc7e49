"""The model that plays: chats come in as tokens, messages go out, decoded together for many episodes and reproducible per episode key."""
