"""The contracts, and what measures them."""
