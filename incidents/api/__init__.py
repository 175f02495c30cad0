"""What programs ask the service itself for, beside what is published."""
