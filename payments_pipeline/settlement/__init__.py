"""What each rail should deliver to the bank, and what the bank says it did."""
