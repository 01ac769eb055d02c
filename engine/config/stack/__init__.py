"""All files of a stack judged together: what each is by itself may be right, and still lead nowhere."""
