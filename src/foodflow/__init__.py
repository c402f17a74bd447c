"""FoodFlow: the operating system of a food manufacturer."""
