"""What the developers of FoodFlow run on the code itself."""
