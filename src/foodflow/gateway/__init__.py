"""The gateway: takes measurements where they arise, keeps them, and forwards them to FoodFlow over HTTP."""
