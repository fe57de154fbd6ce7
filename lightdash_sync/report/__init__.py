"""What people and machines get to see. stdout is the result, stderr everything else."""
