"""What comes after a payment went back: presenting it again, correcting its account, and how often that happens."""
