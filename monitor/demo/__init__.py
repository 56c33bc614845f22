"""A fictional service, "Riverside Talking Support", whose history is made by the program itself."""
