"""OPA as the engine: a process of our own, or a team's server. The one place in judge where sockets may open."""
