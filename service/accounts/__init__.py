"""Who signs in, and what they may do: accounts, grants, sessions, partner clients."""
