"""The program held against the least that its work can cost, and against its peers: `monitor bench`."""
