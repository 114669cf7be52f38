"""What those who host circles do by text: start one, ask and tell everyone, mind members, hand it on."""
