"""What lies under the per-track cache: places, claims, and the care of what has piled up."""
