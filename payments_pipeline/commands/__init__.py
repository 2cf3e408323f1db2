"""The commands of `payments`, a module each. What they do is elsewhere; here is how they are asked and how they answer."""
