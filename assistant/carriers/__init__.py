"""Who moves texts: the interface, Twilio behind it, and what its errors mean."""
