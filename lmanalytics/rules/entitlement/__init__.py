"""What purchases entitle to."""
