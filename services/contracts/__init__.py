"""What services may say to each other: event models and nothing else."""
