"""Content goes from one environment to another, as a person does it with the command."""
