"""Keys and signers. Private keys live here and nowhere else."""
