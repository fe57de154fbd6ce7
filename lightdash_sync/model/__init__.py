"""What content is: kinds, keys, canonical bytes, and the way from server to file and back. No I/O."""
