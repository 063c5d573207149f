"""What all work has in common that workers attempt until it is done: who has it, for how long, and when it is due."""
