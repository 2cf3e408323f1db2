"""What is delivered to us: kept verbatim, checked row by row, each word about a payment taken up once."""
